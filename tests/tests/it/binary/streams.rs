//! Standard streams: nobody holds them, and a reader that goes away is no failure.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::serve::Serving;
use super::{App, Ended, binary, eventually};

#[test]
fn report_b1_the_log_may_go_to_standard_output() {
    let variables = [("APP__LOGGER_PLUGIN__CONFIG__OUTPUT", "stdout")];
    let mut serving = Serving::start_with("", &variables);
    let address = serving.app().path("data/plugins/api-plugin/address");
    eventually("an address", || address.exists());
    let started = serving.until("running; Ctrl-C stops");
    assert!(started.contains(" INFO "), "{started}");
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
}

/// Runs a command whose standard output nobody reads any more.
fn unread(words: &[&str]) -> Ended {
    let app = App::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(binary());
    command
        .args(words)
        .current_dir(app.path(""))
        .env("APP__LOGGER_PLUGIN__CONFIG__LEVEL", "off")
        .stdin(Stdio::null())
        .stdout(writer);
    Ended::of(&command.output().unwrap())
}

#[test]
fn report_b1_a_reader_that_goes_away_is_no_failure() {
    for words in [
        vec!["list"],
        vec!["graph", "--format", "json"],
        vec!["schema"],
        vec!["--help"],
        vec!["--version"],
        vec!["run", "--events", "-"],
    ] {
        let ended = unread(&words);
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
        assert_eq!(ended.stderr, "", "{words:?}");
    }
    assert_eq!(unread(&["explain", "nobody"]).code, Some(2));
}

#[test]
fn report_a7_a_reader_that_stalls_holds_up_neither_the_service_nor_its_stop() {
    let login = "{\"type\":\"user.login\",\"data\":{\"user_id\":\"1\",\"ip\":\"10.0.0.1\"}}\n";
    let app = App::new().file("events", &login.repeat(2_000));
    let mut command = Command::new(binary());
    command
        .args(["run", "--events", "events"])
        .current_dir(app.path(""))
        .env("APP__LOGGER_PLUGIN__CONFIG__LEVEL", "trace")
        .stdin(Stdio::null());
    // More than a pipe holds goes into this one, and nobody reads it.
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("it waits for its reader");
        }
        std::thread::yield_now();
    };
    drop(reader);
    assert_eq!(code, Some(0), "a reader that stalls is no failure");
}
