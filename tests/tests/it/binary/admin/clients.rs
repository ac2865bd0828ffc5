//! The commands that ask the running service, here and on another machine, and those that read its
//! files when none can be asked.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::sync::mpsc;

use serde_json::Value;

use super::super::{App, binary, eventually, serve::Serving};
use super::remote::listening_in;
use super::{done, refused};

/// A welcome to nobody, which becomes a dead letter.
const ORDER: &str = r#"{"type": "order.created", "data": {"order_id": "A-1", "user_id": "nobody", "total_cents": 5}}"#;

/// An app with one dead letter.
fn failed() -> App {
    let app = App::new();
    let ended = app.run_with("run --format json --events -", ORDER);
    assert_eq!(ended.json()["input"]["published"], 1);
    app
}

fn stop(serving: &mut Serving) {
    serving.signal("-TERM");
    assert_eq!(serving.end().code, Some(0));
}

/// In a folder where nothing is, only the service can know.
#[test]
fn report_i14_what_is_looked_at_is_asked_of_the_service_wherever_it_is() {
    let (mut serving, url) = listening_in(failed(), "admin");
    let app = serving.app();
    let token = app.path("token").display().to_string();
    let elsewhere = App::new();
    let ask = |command: &str| {
        let url = url.replace("--token-file token", &format!("--token-file {token}"));
        elsewhere.run(&format!("{command} {url}"))
    };
    let listed = ask("dead-letters list --format json").json();
    let letter = &listed["letters"][0];
    assert_eq!(
        (&listed["total"], &letter["data"]),
        (&1.into(), &Value::Null)
    );
    let id = letter["id"].as_str().unwrap();
    let shown = ask(&format!("dead-letters show {id}"));
    assert!(done(&shown).contains(r#""order_id":"A-1""#), "{shown:?}");
    let here = app.run(&format!("dead-letters show {id}"));
    assert_eq!(done(&here), done(&shown));
    let queue = ask("queue");
    assert!(done(&queue).contains("confirm "), "{queue:?}");
    assert_eq!(done(&app.run("queue")), done(&queue));
    for command in [
        "config show hello-plugin",
        "config show plugin_manager",
        "config history",
        "config diff",
        "audit --limit 3",
    ] {
        assert_eq!(done(&ask(command)), done(&app.run(command)), "{command}");
    }
    for command in ["metrics", "logs --limit 1", "ps", "schedules"] {
        assert!(!done(&ask(command)).is_empty(), "{command}");
    }
    let replayed = ask("dead-letters replay --all");
    assert!(
        done(&replayed).starts_with("1 dead letter replayed"),
        "{replayed:?}"
    );
    eventually("it failed again", || {
        let listed = ask("dead-letters list --format json").json();
        listed["letters"][0]["replays"] == 1
    });
    let dropped = ask(&format!("dead-letters drop {id}"));
    assert_eq!(done(&dropped), "1 dead letter dropped");
    let unknown = ask(&format!("dead-letters drop {id}"));
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(
        unknown.stderr.contains("there is no dead letter"),
        "{unknown:?}"
    );
    assert_eq!(ask("dead-letters list").stdout, "no dead letters\n");
    let files = ask("queue drop a.b");
    assert!(
        refused(&files, 2).contains("leave `--url` away"),
        "{files:?}"
    );
    let left = fs::read_dir(elsewhere.path("")).unwrap().count();
    assert_eq!(left, 0, "nothing is written where the command is given");
    stop(&mut serving);
}

#[test]
fn report_i14_a_tap_looks_on_at_a_service_that_is_elsewhere() {
    let (mut serving, url) = listening_in(App::new(), "admin");
    let app = serving.app();
    let line = format!("tap user.* --format json {url}");
    let mut tap = Command::new(binary());
    let tap = tap.args(line.split(' ')).current_dir(app.path(""));
    let mut tap = tap.stdout(Stdio::piped()).spawn().unwrap();
    let (sender, lines) = mpsc::channel();
    let stdout = BufReader::new(tap.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            sender.send(line).unwrap();
        }
    });
    let event = r#"{"user_id":"demo"}"#;
    let mut line = None;
    eventually("an event is shown", || {
        let published = app.run(&format!("publish user.login {event} {url}"));
        assert_eq!(published.code, Some(0), "{published:?}");
        line = lines.try_recv().ok();
        line.is_some()
    });
    let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
    assert_eq!(event["payload"]["user_id"], "demo");
    let pid = tap.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(tap.wait().unwrap().code(), Some(0));
    drop(lines);
    reader.join().unwrap_or_default();
    stop(&mut serving);
}

#[test]
fn report_i14_without_a_service_a_note_says_that_the_files_are_read() {
    let app = failed();
    for (command, shown) in [
        ("dead-letters list", "there is no user `nobody`"),
        ("queue", "confirm"),
        ("config show hello-plugin", "hello-plugin.config.message"),
        ("config get hello-plugin", "hello-plugin.config.message"),
        ("config history", "no config was applied yet"),
        ("audit", "notification-plugin"),
    ] {
        let ended = app.run(command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(shown), "{ended:?}");
        let note = "note: no service runs: this is what the files say\n";
        assert!(ended.stderr.ends_with(note), "{command}: {ended:?}");
    }
}

/// A service of the version before: it can reload, and has no other route that is asked for.
fn older(app: &App, reload: &'static str) -> mpsc::Receiver<String> {
    let folder = app.path("data/plugins/admin-plugin");
    fs::create_dir_all(&folder).unwrap();
    let socket = folder.join("admin.sock");
    drop(fs::remove_file(&socket));
    let listener = UnixListener::bind(socket).unwrap();
    let (sender, asked) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let asked = answer(&stream, reload);
            if sender.send(asked).is_err() {
                return;
            }
        }
    });
    asked
}

fn answer(mut stream: &UnixStream, reload: &str) -> String {
    let mut reader = BufReader::new(stream);
    let (mut asked, mut length) = (String::new(), 0);
    reader.read_line(&mut asked).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end().to_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).unwrap();
    let path = asked.rsplit_once(' ').unwrap().0.to_owned();
    let (status, body) = match path.as_str() {
        "POST /v1/reload" => reload.split_once(' ').unwrap(),
        _ => (
            "404",
            r#"{"detail":"there is nothing at `/v1/x`: `GET /v1` lists the routes"}"#,
        ),
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).unwrap();
    path
}

#[test]
fn report_i14_a_service_of_the_version_before_is_asked_for_what_it_has() {
    const HELLO: &str = "config/plugins/hello-plugin.yaml";
    let hello = |message| format!("hello-plugin: {{ config: {{ message: {message} }} }}\n");
    let app = App::new()
        .file("config/plugin_manager.yaml", "plugin_manager: {}\n")
        .file(HELLO, &hello("one"));
    let mut serving = Serving::start_in(app, "", &[]);
    serving.until("running");
    stop(&mut serving);
    let app = serving.app();
    fs::write(app.path(HELLO), hello("two")).unwrap();

    let asked = older(app, r#"409 {"detail":"not now"}"#);
    let back = app.run("config rollback 1");
    assert_eq!(refused(&back, 8), "error: not now");
    let shown = app.run("config show hello-plugin");
    assert!(
        shown.stdout.contains("two"),
        "the choice is taken back: {shown:?}"
    );
    assert!(
        shown
            .stderr
            .contains("note: the running service is of an older version"),
        "{shown:?}"
    );
    let set = app.run("config set hello-plugin config.message=three");
    assert!(refused(&set, 8).contains("older version"), "{set:?}");
    let asked: Vec<String> = asked.try_iter().collect();
    assert_eq!(asked[..2], ["POST /v1/config/rollback", "POST /v1/reload"]);

    let _asked = older(app, r#"200 {"plugins":[]}"#);
    let back = app.run("config rollback 1");
    assert!(back.stdout.starts_with("config 1 holds now"), "{back:?}");
    let shown = app.run("config show hello-plugin");
    assert!(shown.stdout.contains("generation 1"), "{shown:?}");
}
