//! `audit verify`: whether the audit log is what was written.

use super::App;
use super::serve::Serving;

const LOG: &str = "data/plugins/audit.ndjson";

fn run() -> Serving {
    let mut serving = Serving::start("");
    serving.until("running");
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));
    serving
}

fn text(app: &App) -> String {
    std::fs::read_to_string(app.path(LOG)).unwrap()
}

#[test]
fn a_change_of_the_audit_log_is_found_and_told() {
    let mut serving = run();
    let verified = serving.app().run("audit verify");
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let said = &verified.stdout;
    assert!(
        said.contains("in 1 file: each follows the one before it\nlast line: "),
        "{said}"
    );
    let last = said.trim_end().rsplit(' ').next().unwrap().to_owned();

    serving.start_again(&[]);
    serving.until("running");
    let meanwhile = serving.app().run(&format!("audit verify --has {last}"));
    assert_eq!(meanwhile.code, Some(0), "{meanwhile:?}");
    serving.signal("-INT");
    assert_eq!(serving.end().code, Some(0));

    let app = serving.app();
    let whole = text(app);
    let changed = whole.replacen("hello-plugin", "other-plugin", 1);
    std::fs::write(app.path(LOG), changed).unwrap();
    let found = app.run("audit verify");
    assert_eq!(found.code, Some(1), "{found:?}");
    assert!(found.stdout.contains("audit.ndjson:"), "{found:?}");
    assert!(
        found.stdout.contains("does not follow the line before it"),
        "{found:?}"
    );
    let json = app.run("audit verify --format json").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["breaks"][0]["problem"], "does_not_follow", "{json}");

    let first = whole.lines().next().unwrap();
    std::fs::write(app.path(LOG), format!("{first}\n")).unwrap();
    let cut_off = app.run(&format!("audit verify --has {last}"));
    assert_eq!(cut_off.code, Some(1), "{cut_off:?}");
    assert!(
        cut_off.stderr.contains("no line has the digest"),
        "{cut_off:?}"
    );
}

#[test]
fn without_an_audit_log_it_says_where_it_looked() {
    let nothing = App::new().run("audit verify");
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(
        nothing.stderr.contains("the audit log in `./data/plugins`"),
        "{nothing:?}"
    );
}
