//! Whose the service is: one service has a data folder, and its user alone operates it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::Command;

use super::super::serve::Serving;
use super::super::{App, Ended, binary};
use super::{done, down, refused, serving};

const SOCKET: &str = "data/plugins/admin-plugin/admin.sock";

#[test]
fn a_second_service_with_the_data_is_refused_and_told_of_the_first() {
    let first = serving("");
    let second = App::new();
    let data = first.app().path("data/plugins");
    let variables = [("APP__API_PLUGIN__CONFIG__ADDRESS".to_owned(), "127.0.0.1:0")];
    let ended = second.run_set(&format!("--data-dir {}", data.display()), variables);
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let told = format!(
        "the data folder `{}` is taken, the service with the process id {} runs with it",
        data.display(),
        first.pid()
    );
    assert!(ended.stderr.contains(&told), "{ended:?}");
    assert_eq!(
        down(first.app()),
        [],
        "the first goes on, and is the one that answers"
    );
}

#[test]
fn two_services_answer_each_for_itself() {
    let (one, other) = (serving(""), serving(""));
    let data = one.app().path("data/plugins");
    let stopped = other
        .app()
        .run(&format!("stop file-plugin --data-dir {}", data.display()));
    assert_eq!(done(&stopped), "stopped: file-plugin");
    assert_eq!(
        down(one.app()),
        [("file-plugin".to_owned(), "stopped".to_owned())]
    );
    assert_eq!(down(other.app()), []);
}

#[test]
fn what_a_killed_service_leaves_is_in_nobody_s_way() {
    let mut serving = serving("");
    serving.signal("-KILL");
    serving.end();
    assert!(serving.app().path(SOCKET).exists());
    let told = serving.app().run("ps");
    assert!(refused(&told, 7).contains("no service runs"), "{told:?}");
    serving.start_again(&[]);
    serving.until("running; Ctrl-C stops");
    assert_eq!(down(serving.app()), []);
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
    assert!(!serving.app().path(SOCKET).exists());
}

#[test]
fn clients_that_say_nothing_hold_up_neither_commands_nor_the_stop() {
    let mut serving = serving("");
    let connect = |_| UnixStream::connect(serving.app().path(SOCKET)).unwrap();
    let silent: Vec<_> = (0..200).map(connect).collect();
    assert_eq!(down(serving.app()), []);
    serving.signal("-TERM");
    let ended = serving.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    drop(silent);
}

/// Runs the app as the user `nobody`, with one of root's rights.
fn as_nobody(serving: &Serving, right: &str) -> Ended {
    let right = format!("+{right}");
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(["--inh-caps", &right, "--ambient-caps", &right])
        .arg(binary())
        .args(["ps", "--data-dir"])
        .arg(serving.app().path("data/plugins"))
        .current_dir("/");
    Ended::of(&command.output().unwrap())
}

/// Only root can ask as somebody else: `cargo xtask test` runs it for root. For others, the unit
/// tests of `admin-plugin` tell of it.
#[test]
#[ignore = "asks as another user: needs root and setpriv"]
fn another_user_is_refused_by_the_system_and_by_the_service() {
    let mut serving = serving("");
    let owner = fs::metadata(serving.app().path(SOCKET)).unwrap().uid();
    assert_eq!(owner, 0, "only root can ask as another user");
    // This one comes as far as the socket, and may not open it.
    let ended = as_nobody(&serving, "dac_read_search");
    let told = refused(&ended, 8);
    assert!(
        told.ends_with("ask as the user of the service, or as root"),
        "{told}"
    );
    // For this one the rights of files count nothing.
    let ended = as_nobody(&serving, "dac_override");
    let refusal = "may not operate this service: ask as `uid:root` or as root";
    assert!(refused(&ended, 8).ends_with(refusal), "{ended:?}");
    serving.signal("-TERM");
    let log = serving.end().stderr;
    assert!(log.contains("refused `GET /v1/status`"), "{log}");
    let audit = fs::read_to_string(serving.app().path("data/plugins/audit.ndjson")).unwrap();
    let denied = r#""action":"admin","outcome":"denied","detail":"GET /v1/status: "#;
    assert!(audit.contains(denied), "{audit}");
}
