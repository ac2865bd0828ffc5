//! The commands that show what the running service does, as it does it.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use serde_json::Value;

use super::admin::serving;
use super::{App, PATIENCE, binary};

/// A command that goes on until it is told to end.
struct Listening {
    child: Child,
    lines: Receiver<String>,
}

impl Listening {
    fn start(app: &App, line: &str) -> Self {
        let mut child = Command::new(binary())
            .args(line.split_whitespace())
            .current_dir(app.path(""))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (said, lines) = mpsc::channel();
        std::thread::spawn(move || {
            // When the test has ended, nobody listens.
            stdout
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| said.send(line))
        });
        Self { child, lines }
    }

    /// The next line that has a text.
    fn until(&self, text: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    fn interrupt(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status();
        assert!(sent.unwrap().success());
    }

    fn code(self) -> (Option<i32>, String) {
        let ended = self.child.wait_with_output().unwrap();
        (
            ended.status.code(),
            String::from_utf8(ended.stderr).unwrap(),
        )
    }
}

/// Has something happen until a command that has just been started says so: it listens then.
fn until_it_listens(app: &App, listening: &Listening, text: &str) -> String {
    loop {
        assert_eq!(app.run("restart hello-plugin").code, Some(0));
        let mut lines = listening.lines.try_iter();
        if let Some(line) = lines.find(|line| line.contains(text)) {
            return line;
        }
    }
}

#[test]
fn a_tap_shows_events_and_ends_with_ctrl_c_or_with_the_service() {
    let mut serving = serving("");
    let app = serving.app();
    let people = Listening::start(app, "tap plugin.*");
    let line = until_it_listens(app, &people, "plugin.started");
    assert!(
        line.contains(r#"  plugin.started  manager  {"plugin":"hello-plugin","took_us":"#),
        "{line}"
    );
    let programs = Listening::start(app, "tap plugin.stopped --format json --limit 5");
    let line = until_it_listens(app, &programs, "plugin.stopped");
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        event["payload"],
        serde_json::json!({"plugin": "hello-plugin"})
    );
    people.interrupt();
    assert_eq!(people.code(), (Some(0), String::new()));
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
    let gone = "{\"error\":{\"code\":\"no_service\",\"message\":\"the service has gone";
    programs.until(gone);
    assert_eq!(programs.code().0, Some(7));
}

#[test]
fn a_filter_that_can_not_be_read_is_told_where() {
    let serving = serving("");
    let ended = serving.app().run("tap user.* --filter a=1");
    assert_eq!(ended.code, Some(8));
    assert_eq!(
        ended.stderr,
        "error: the filter can't be read: column 2: `=` compares nothing: write `==`\n"
    );
}

#[test]
fn the_log_is_shown_and_followed() {
    let mut serving = serving("");
    let app = serving.app();
    let all = app.run("logs --limit 1000").stdout;
    assert!(
        all.contains("INFO api-plugin: the interface is open address="),
        "{all}"
    );
    let errors = app.run("logs --level error");
    assert_eq!((errors.code, errors.stdout.as_str()), (Some(0), ""));
    let one = app.run("logs api-plugin --format json --limit 1").json();
    assert_eq!(
        (&one["plugin"], &one["level"]),
        (&"api-plugin".into(), &"info".into())
    );
    let followed = Listening::start(app, "logs -f --format json");
    let line = until_it_listens(app, &followed, "hello is ready");
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["plugin"], "hello-plugin");
    serving.signal("-TERM");
    serving.end();
    assert_eq!(followed.code().0, Some(7));
}

#[test]
fn figures_are_shown_once_and_only_a_terminal_has_them_watched() {
    let serving = serving("");
    let app = serving.app();
    let table = app.run("metrics").stdout;
    assert!(table.starts_with("instance "), "{table}");
    assert_eq!(table.lines().count(), 14);
    let rows = app.run("metrics --format json").json();
    assert_eq!(rows[1]["instance"], "admin-plugin");
    let watched = app.run("top");
    let told = "error: `top` is for people at a terminal: `metrics` prints the same figures once\n";
    assert_eq!((watched.code, watched.stderr.as_str()), (Some(2), told));
}

#[test]
fn shells_and_man_have_what_they_take() {
    let app = App::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = app.run(&format!("completions {shell}"));
        assert!(
            script.code == Some(0) && script.stdout.contains("dead-letters"),
            "{shell}"
        );
    }
    let all = app.run("man").stdout;
    assert!(
        all.contains(".TH") && all.contains("dead\\-letters"),
        "{all}"
    );
    let one = app.run("man tap").stdout;
    assert!(
        one.contains("app tap") && one.contains("CONDITION"),
        "{one}"
    );
    assert_eq!(app.run("man tab").code, Some(2));
}
