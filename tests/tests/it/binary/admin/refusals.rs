//! Refusals as programs read them.

use serde_json::{Value, json};

use super::super::{App, Ended};
use super::serving;

/// What a command that was refused answers a program with.
fn error(ended: &Ended, code: i32) -> Value {
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(code), ""),
        "{ended:?}"
    );
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    answer["error"].clone()
}

#[test]
fn report_b5_a_refusal_of_the_service_is_json_for_programs() {
    let mut serving = serving("");
    let ask = |line: &str, code| error(&serving.app().run(&format!("{line} --format json")), code);
    assert_eq!(
        ask("stop logger-plugin", 8),
        json!({
            "code": "refused",
            "message": "`logger-plugin` is needed by `hello-plugin`, which runs: stop it first, or all of them with `--cascade`",
            "remedy": "stop it first, or all of them with `--cascade`",
        })
    );
    let unknown = ask("stop cash-plugin", 2);
    assert_eq!(
        (&unknown["code"], &unknown["remedy"]),
        (&json!("usage"), &json!("did you mean `cache-plugin`?"))
    );

    let file = serving.app().path("config/plugins/hello-plugin.yaml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "hello-plugin: { enabeld: true }").unwrap();
    let broken = ask("reload", 3);
    assert_eq!(broken["code"], "config");
    assert!(
        broken["issues"][0]
            .as_str()
            .unwrap()
            .contains("hello-plugin.enabeld: unknown key"),
        "{broken}"
    );
    serving.signal("-TERM");
    serving.end();
    let offline = error(
        &serving.app().run("config show hello-plugin --format json"),
        3,
    );
    assert_eq!(offline["issues"], broken["issues"]);
}

#[test]
fn report_b5_a_service_that_is_not_there_is_json_for_programs() {
    let ended = App::new().run("ps --format json");
    let error = error(&ended, 7);
    assert_eq!(error["code"], "no_service");
    assert!(
        error["remedy"]
            .as_str()
            .unwrap()
            .starts_with("start one with `run`"),
        "{error}"
    );
}
