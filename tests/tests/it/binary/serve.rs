//! `run`: it serves until a signal, then finishes its work and stops.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Once;
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::{App, Ended, PATIENCE, binary, eventually};

/// The app while it runs.
pub(super) struct Serving {
    app: App,
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The lines of its log as they come. A thread reads them all the time: a full pipe would hold
    /// the app up.
    log: Receiver<String>,
    /// Those that were looked at already.
    said: String,
}

impl Serving {
    /// Starts it on any free port.
    pub(super) fn start(arguments: &str) -> Self {
        Self::start_with(arguments, &[])
    }

    /// The same, with variables.
    pub(super) fn start_with(arguments: &str, variables: &[(&str, &str)]) -> Self {
        Self::start_in(App::new(), arguments, variables)
    }

    /// The same, in the directory of an app.
    pub(super) fn start_in(app: App, arguments: &str, variables: &[(&str, &str)]) -> Self {
        let (child, stdout, log) = spawn(&app, arguments, variables);
        Self {
            app,
            child,
            stdout,
            log,
            said: String::new(),
        }
    }

    /// Starts it once more where it was, when it has ended.
    pub(super) fn start_again(&mut self, variables: &[(&str, &str)]) {
        (self.child, self.stdout, self.log) = spawn(&self.app, "", variables);
        self.said.clear();
    }

    /// Where its HTTP interface listens.
    pub(super) fn address(&self) -> String {
        let path = self.app.path("data/plugins/api-plugin/address");
        std::fs::read_to_string(path).unwrap()
    }

    pub(super) fn app(&self) -> &App {
        &self.app
    }

    /// The number of its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line
    }

    /// Reads until a line begins with a text, and returns all up to it.
    pub(super) fn until(&mut self, text: &str) -> String {
        let mut read = String::new();
        loop {
            let line = self.line();
            assert!(!line.is_empty(), "it ended: {read}");
            read.push_str(&line);
            if line.starts_with(text) {
                return read;
            }
        }
    }

    /// Reads its log on until a line contains a text, and returns all up to it.
    pub(super) fn log_until(&mut self, text: &str) -> String {
        let began = self.said.len();
        loop {
            let line = self.log.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("no `{text}`: {error}: {}", self.said));
            self.said.push_str(&line);
            if line.contains(text) {
                return self.said[began..].to_owned();
            }
        }
    }

    pub(super) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(super) fn end(&mut self) -> Ended {
        let mut ended = Ended {
            code: None,
            stdout: String::new(),
            stderr: String::new(),
        };
        self.stdout.read_to_string(&mut ended.stdout).unwrap();
        ended.stderr = std::mem::take(&mut self.said);
        ended.stderr.extend(self.log.iter());
        ended.code = self.child.wait().unwrap().code();
        ended
    }
}

fn spawn(
    app: &App,
    arguments: &str,
    variables: &[(&str, &str)],
) -> (Child, BufReader<ChildStdout>, Receiver<String>) {
    hear_hangup();
    let mut child = Command::new(binary())
        .args(arguments.split_whitespace())
        .current_dir(app.path(""))
        .env("APP__API_PLUGIN__CONFIG__ADDRESS", "127.0.0.1:0")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let (said, log) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        while stderr.read_line(&mut line).unwrap() > 0 {
            // When the test has ended, nobody listens.
            drop(said.send(std::mem::take(&mut line)));
        }
    });
    (child, stdout, log)
}

/// Has what is started from here on hear SIGHUP, also if the tests were started with `nohup`: a
/// signal that is ignored stays ignored in a child, one that has a handler does not.
fn hear_hangup() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let _inside = runtime.enter();
        drop(signal(SignalKind::hangup()).unwrap());
    });
}

/// A test that fails leaves no process behind.
impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already, unless the test has failed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_signal_ends_it_in_good_order() {
    for signal in ["-TERM", "-INT"] {
        let mut serving = Serving::start("");
        let started = serving.until("running; Ctrl-C stops");
        let names: Vec<_> = (started.lines())
            .filter_map(|line| line.split_whitespace().nth(1))
            .collect();
        let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
        assert!(place("logger-plugin") < place("hello-plugin"), "{started}");
        assert!(place("hello-plugin") < place("api-plugin"), "{started}");
        assert!(started.contains("13 plugins started in "), "{started}");
        serving.signal(signal);
        let ended = serving.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("13 plugins stopped in "), "{ended:?}");
    }
}

#[test]
fn programs_read_a_line_at_the_start_and_one_at_the_end() {
    let mut serving = Serving::start("run --format json");
    let started: Value = serde_json::from_str(&serving.line()).unwrap();
    assert_eq!(started["phase"], "started");
    assert_eq!(started["plugins"][0]["name"], "logger-plugin");
    serving.signal("-TERM");
    let ended = serving.end();
    let stopped: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(stopped["phase"], "stopped");
    let plugins = stopped["plugins"].as_array().unwrap();
    assert_eq!(plugins[0]["name"], "api-plugin", "the door closes first");
    assert_eq!(plugins.last().unwrap()["name"], "logger-plugin");
    assert!(
        plugins.iter().all(|plugin| plugin["lost"] == json!(0)),
        "{stopped}"
    );
    assert_eq!(ended.code, Some(0));
}

/// From a login over HTTP to the welcome in the outbox: what was accepted before the signal is
/// done before the end.
#[test]
fn a_request_before_the_signal_is_finished() {
    let mut serving = Serving::start("");
    serving.until("running; Ctrl-C stops");
    let data = serving.app.path("data/plugins");
    let address = serving.address();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let ready = agent
        .get(format!("http://{address}/readyz"))
        .call()
        .unwrap();
    assert_eq!(ready.status(), 200);
    let login = json!({"user_id": "demo", "password": "demo"});
    let answer = agent
        .post(format!("http://{address}/login"))
        .send_json(&login)
        .unwrap();
    assert_eq!(answer.status(), 200);
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let mails = std::fs::read_dir(data.join("notification-plugin/outbox/new")).unwrap();
    assert_eq!(mails.count(), 1, "{ended:?}");
    assert!(
        !data.join("api-plugin/address").exists(),
        "nobody listens there"
    );
}

#[test]
fn a_stream_that_is_interrupted_is_told_so() {
    let mut serving = Serving::start("run --format json --events -");
    let mut stdin = serving.child.stdin.take().unwrap();
    let login = r#"{"type": "user.login", "data": {"user_id": "12345"}}"#;
    writeln!(stdin, "{login}").unwrap();
    let outbox = serving
        .app
        .path("data/plugins/notification-plugin/outbox/new");
    // The mail is the acknowledgement that the line was read.
    eventually("a mail", || {
        std::fs::read_dir(&outbox).map_or(0, Iterator::count) > 0
    });
    serving.signal("-TERM");
    let ended = serving.end();
    drop(stdin);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    let summary: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(summary["end"], "interrupted");
    assert_eq!(summary["input"]["published"], json!(1));
}
