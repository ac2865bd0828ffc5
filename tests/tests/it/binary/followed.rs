//! One login, followed by its trace through every plugin that it reaches.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::serve::Serving;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[test]
fn a_login_can_be_followed_through_all_plugins() {
    let mut serving = Serving::start_with(
        "",
        &[
            ("APP__LOGGER_PLUGIN__CONFIG__FORMAT", "json"),
            ("APP__LOGGER_PLUGIN__CONFIG__LEVEL", "debug"),
        ],
    );
    serving.until("running; Ctrl-C stops");
    let login = json!({"user_id": "demo", "password": "demo"});
    let answer = ureq::post(format!("http://{}/login", serving.address()))
        .header("traceparent", PARENT)
        .send_json(&login)
        .unwrap();
    let answered = answer.headers()["traceparent"].to_str().unwrap();
    assert!(answered.contains(TRACE) && answered != PARENT, "{answered}");
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines = ended.stderr.lines();
    let lines: Vec<Value> = lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let of_the_login = lines.iter().filter(|line| line["trace_id"] == TRACE);
    let said: BTreeSet<_> = of_the_login
        .map(|line| {
            assert_eq!(line["span_id"].as_str().map(str::len), Some(16), "{line}");
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (text("target"), text("message"))
        })
        .collect();
    for (target, message) in [
        ("plugin_auth::plugin", "login granted"),
        ("plugin_hello", "user logged in"),
        ("plugin_user_service::plugin", "user looked up"),
        ("plugin_notification::plugin", "welcome sent"),
    ] {
        let line = (target.to_owned(), message.to_owned());
        assert!(said.contains(&line), "{line:?} is not among {said:?}");
    }
}
