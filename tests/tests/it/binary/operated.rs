//! The running app, operated over its HTTP interface with the config that it brings.

use serde_json::{Value, json};
use ureq::{Agent, http};

use super::eventually;
use super::serve::Serving;

/// Who is logged in.
struct Session<'a> {
    serving: &'a Serving,
    token: String,
}

impl<'a> Session<'a> {
    fn of_demo(serving: &'a Serving) -> Self {
        let mut session = Self {
            serving,
            token: String::new(),
        };
        let login = json!({"user_id": "demo", "password": "demo"});
        let (status, answer) = session.send("POST /login", &login.to_string());
        assert_eq!(status, 200, "{answer}");
        session.token = answer["token"].as_str().unwrap().to_owned();
        session
    }

    fn ask(&self, route: &str) -> (u16, Value) {
        self.send(route, "")
    }

    fn send(&self, route: &str, body: &str) -> (u16, Value) {
        self.try_send(route, body).unwrap()
    }

    /// Nothing when nobody listens.
    fn try_send(&self, route: &str, body: &str) -> Option<(u16, Value)> {
        let file = self.serving.app().path("data/plugins/api-plugin/address");
        let address = std::fs::read_to_string(file).ok()?;
        let (method, path) = route.split_once(' ').unwrap();
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{address}{path}"))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(body.to_owned())
            .unwrap();
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent.run(request).ok()?;
        let body = response.body_mut().read_json().unwrap_or_default();
        Some((response.status().as_u16(), body))
    }

    /// The schedule of `auth-plugin`, as the list has it.
    fn forget_revoked(&self) -> Value {
        let (status, listed) = self.ask("GET /schedules");
        assert_eq!(status, 200, "{listed}");
        let mut schedules = listed["schedules"].as_array().unwrap().iter();
        let found = schedules.find(|schedule| schedule["schedule"] == "forget_revoked");
        found.unwrap().clone()
    }

    /// Waits until the interface, which restarts itself, is there again.
    fn await_restart(&self) {
        let restarts = || {
            let (_, listed) = self.try_send("GET /plugins", "")?;
            let mut plugins = listed["plugins"].as_array()?.iter();
            plugins.find(|plugin| plugin["name"] == "api-plugin")?["restarts"].as_u64()
        };
        eventually("a restart", || restarts() == Some(1));
    }
}

#[test]
fn an_operator_has_schedules_and_plugins_in_hand() {
    let mut serving = Serving::start("");
    serving.until("running; Ctrl-C stops");
    let session = Session::of_demo(&serving);
    let schedule = session.forget_revoked();
    assert_eq!(schedule["plugin"], "auth-plugin");
    assert_eq!(schedule["state"], "active");
    for (action, state) in [
        ("pause", "paused"),
        ("resume", "active"),
        ("cancel", "cancelled"),
    ] {
        let route = format!("POST /schedules/auth-plugin/forget_revoked/{action}");
        let (status, after) = session.ask(&route);
        assert_eq!((status, &after["state"]), (200, &json!(state)), "{after}");
        assert_eq!(session.forget_revoked()["state"], state);
    }
    let (status, outcome) = session.ask("POST /plugins/cache-plugin/restart");
    assert_eq!(
        (status, &outcome["plugins"]),
        (200, &json!(["cache-plugin"])),
        "{outcome}"
    );
    let (status, listed) = session.ask("GET /plugins");
    assert_eq!((status, &listed["ready"]), (200, &json!(true)), "{listed}");
    let (status, answer) = session.ask("POST /plugins/api-plugin/restart");
    assert_eq!((status, answer), (202, json!({"accepted": "restart"})));
    session.await_restart();

    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let audit = std::fs::read_to_string(serving.app().path("data/plugins/audit.ndjson")).unwrap();
    let of_demo = r#""actor":"api-plugin","user":"demo","plugin":"#;
    let done: Vec<_> = (audit.lines())
        .filter_map(|line| line.split_once(of_demo))
        .filter_map(|(_, what)| what.split_once(r#","prev":"#))
        .map(|(what, _)| what)
        .collect();
    assert_eq!(
        done,
        [
            r#""auth-plugin","action":"schedule.pause","outcome":"done","detail":"forget_revoked""#,
            r#""auth-plugin","action":"schedule.resume","outcome":"done","detail":"forget_revoked""#,
            r#""auth-plugin","action":"schedule.cancel","outcome":"done","detail":"forget_revoked""#,
            r#""cache-plugin","action":"restart","outcome":"done""#,
            r#""api-plugin","action":"restart","outcome":"done""#,
        ]
    );
}
