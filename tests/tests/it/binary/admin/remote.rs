//! A running service, configured and asked from its own machine and from elsewhere.

use std::fs;

use serde_json::{Value, json};

use super::{done, refused, serving};
use crate::binary::serve::Serving;
use crate::binary::{App, eventually};

fn value(app: &App, key: &str) -> String {
    done(&app.run(&format!("config get hello-plugin {key}"))).to_owned()
}

#[test]
fn a_value_is_set_looked_at_and_forgotten_while_the_service_runs() {
    let mut serving = serving("");
    let app = serving.app();
    let before = value(app, "config.message");
    let planned = app.run("config set hello-plugin config.message=hi --dry-run");
    assert!(done(&planned).contains("would"), "{planned:?}");
    assert_eq!(value(app, "config.message"), before);
    let set = app.run("config set hello-plugin config.message=hi timeout=9s");
    assert!(done(&set).contains("hello-plugin"), "{set:?}");
    assert_eq!(
        (value(app, "config.message"), value(app, "timeout")),
        ("hi".into(), "9s".into())
    );
    let all = app.run("config get hello-plugin");
    assert!(done(&all).contains("`config set` by uid:"), "{all:?}");

    let wrong = app.run("config set hello-plugin config.massage=hi");
    let told = refused(&wrong, 3);
    assert!(
        told.contains("config.massage") && told.contains("`config set` by"),
        "{told}"
    );
    let switch = app.run("config set hello-plugin enabled=false");
    assert!(refused(&switch, 8).contains("`disable`"), "{switch:?}");
    let unset = app.run("config unset hello-plugin config.message");
    assert!(done(&unset).contains("hello-plugin"), "{unset:?}");
    assert_eq!(value(app, "config.message"), before);
    assert_eq!(
        app.run("config get hello-plugin config.nothing").code,
        Some(2)
    );

    let published = app.run(r#"publish user.welcome {"user_id":"ann","message":"hi"}"#);
    assert_eq!(done(&published), "published: user.welcome");
    let wrong = app.run(r#"publish user.welcome {"user_id":1}"#);
    assert!(refused(&wrong, 8).contains("user_id"), "{wrong:?}");
    assert_eq!(app.run("publish user.welcom {}").code, Some(2));

    let lines = app.run("audit --action config.set --format json").json();
    let outcomes: Vec<_> = (lines["lines"].as_array().unwrap().iter())
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["done", "denied", "denied", "done"]);
    serving.signal("-TERM");
    serving.end();
}

#[test]
fn a_value_that_was_set_holds_also_at_the_next_start_and_goes_without_a_service() {
    let mut serving = serving("");
    done(
        &serving
            .app()
            .run("config set hello-plugin config.message=hi"),
    );
    serving.signal("-TERM");
    serving.end();
    let app = serving.app();
    let message = || app.run("config get hello-plugin config.message").stdout;
    assert_eq!(message(), "hi\n");
    let set = app.run("config set hello-plugin config.message=other");
    assert_eq!(set.code, Some(7), "{set:?}");
    done(&app.run("config reset hello-plugin"));
    assert_ne!(message(), "hi\n");
    let audit = app.run("audit --action config.set");
    assert!(audit.stdout.contains("set config.message"), "{audit:?}");
}

/// Has the service listen with a token of a role; returns where, and the file with the token.
fn listening(role: &str) -> (Serving, String) {
    listening_in(App::new(), role)
}

/// The same, in the directory of an app.
pub(super) fn listening_in(app: App, role: &str) -> (Serving, String) {
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running; Ctrl-C stops");
    let app = serving.app();
    let new = app
        .run(&format!("token new --name ann --role {role} --format json"))
        .json();
    fs::write(app.path("token"), new["token"].as_str().unwrap()).unwrap();
    let tokens = json!([new["config"]]).to_string();
    let set = format!("config set admin-plugin config.listen=127.0.0.1:0 config.tokens={tokens}");
    let set = app.run(&set);
    assert!(matches!(set.code, Some(0)), "{set:?}");
    let file = app.path("data/plugins/admin-plugin/address");
    eventually("it listens", || file.exists());
    let address = fs::read_to_string(file).unwrap();
    (
        serving,
        format!("--url http://{address} --token-file token"),
    )
}

#[test]
fn the_same_commands_ask_a_service_that_is_elsewhere_within_the_rights_of_a_token() {
    let (mut serving, elsewhere) = listening("viewer");
    let app = serving.app();
    let ask = |command: &str| app.run(&format!("{command} {elsewhere}"));
    assert!(done(&ask("ps")).contains("hello-plugin"));
    assert_eq!(
        done(&ask("config get hello-plugin timeout")),
        value(app, "timeout")
    );
    let told = ask("restart hello-plugin");
    assert!(
        refused(&told, 8).contains("needs the right `operate`"),
        "{told:?}"
    );
    let local = ask("check");
    assert!(
        refused(&local, 2).contains("leave `--url` away"),
        "{local:?}"
    );
    fs::write(app.path("token"), "adm_wrong").unwrap();
    assert!(refused(&ask("ps"), 8).contains("the token is not known"));
    let audit = app.run("audit --outcome denied --format json").json();
    let users: Vec<&Value> = audit["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["user"])
        .collect();
    assert!(users.contains(&&json!("token:ann")), "{users:?}");
    serving.signal("-TERM");
    serving.end();
}
