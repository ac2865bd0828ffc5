//! The config's users from one start of the binary to the next.

use serde_json::json;
use ureq::{Agent, http};

use super::serve::Serving;

/// The status and the body of an answer.
fn ask(address: &str, route: &str, token: &str, body: &str) -> (u16, String) {
    let (method, path) = route.split_once(' ').unwrap();
    let request = http::Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(body.to_owned())
        .unwrap();
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut response = agent.run(request).unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), body)
}

#[test]
fn report_a1_demo_that_is_taken_out_can_do_nothing_any_more() {
    let login = json!({"user_id": "demo", "password": "demo"}).to_string();
    let mut serving = Serving::start("");
    serving.until("running; Ctrl-C stops");
    let address = serving.address();
    let (status, answer) = ask(&address, "POST /login", "", &login);
    assert_eq!(status, 200, "{answer}");
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let token = answer["token"].as_str().unwrap().to_owned();
    assert_eq!(ask(&address, "GET /users/demo", &token, "").0, 200);
    serving.signal("-INT");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let variables = [
        ("APP__AUTH_PLUGIN__CONFIG__USERS", "[]"),
        ("APP__AUTH_PLUGIN__CONFIG__ALLOW_WEAK_PASSWORDS", "false"),
        ("APP__API_PLUGIN__CONFIG__MAY_PUBLISH_FOR", r#"["demo"]"#),
    ];
    serving.start_again(&variables);
    serving.until("running; Ctrl-C stops");
    let address = serving.address();
    assert_eq!(ask(&address, "POST /login", "", &login).0, 401);
    assert_eq!(ask(&address, "GET /users/demo", &token, "").0, 401);
    serving.signal("-INT");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for told in [
        "account disabled: `users` does not list it any more",
        "`may_publish_for` names a user who is not there",
    ] {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    let audit = serving.app().path("data/plugins/audit.ndjson");
    let audit = std::fs::read_to_string(audit).unwrap();
    for told in [
        r#""action":"account.disable""#,
        r#""action":"login","outcome":"denied""#,
        r#""action":"token","outcome":"denied""#,
    ] {
        assert!(audit.contains(told), "{told}: {audit}");
    }
}
