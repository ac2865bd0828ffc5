//! What the service keeps is its owner's alone, whatever the umask of who started it is.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::{App, Ended, binary};

/// Something for each plugin that writes: mails, a dead letter, rows.
const EVENTS: &str = r#"{"type": "user.login", "data": {"user_id": "demo"}}
{"type": "order.created", "data": {"order_id": "A-1", "user_id": "nobody", "total_cents": 5}}
{"type": "data.save", "data": {"table": "visits", "data": {"user_id": "12345", "page": "/"}}}
"#;

const VARIABLES: [(&str, &str); 4] = [
    ("APP__LOGGER_PLUGIN__CONFIG__OUTPUT", "file"),
    ("APP__AUDIT_PLUGIN__ENABLED", "true"),
    ("APP__TRACING_PLUGIN__ENABLED", "true"),
    ("APP__TRACING_PLUGIN__CONFIG__RATIO", "1"),
];

/// Runs the app under a umask that hides nothing.
fn run(app: &App) -> Ended {
    let script = format!("umask 000; exec {} run --events events", binary().display());
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(app.path(""));
    Ended::of(&command.envs(VARIABLES).output().unwrap())
}

/// Every path below a directory, with its mode.
fn walk(directory: &Path, found: &mut Vec<(String, u32)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        found.push((entry.path().display().to_string(), mode));
        if entry.path().is_dir() {
            walk(&entry.path(), found);
        }
    }
}

#[test]
fn report_a15_directories_are_0700_and_files_0600() {
    let app = App::new().file("events", EVENTS);
    assert_eq!(run(&app).code, Some(0));
    let mut found = Vec::new();
    walk(&app.path("data"), &mut found);
    let data = app.path("data");
    found.push((
        "data".into(),
        fs::metadata(data).unwrap().permissions().mode() & 0o777,
    ));
    for part in [
        "data/plugins/audit.ndjson",
        "outbox/new/",
        "logger-plugin/logs/app.",
        "audit-plugin/events.ndjson",
        "tracing-plugin/spans.ndjson",
        "token.key",
        "data.sqlite",
        "queue.db",
    ] {
        assert!(
            found.iter().any(|(path, _)| path.contains(part)),
            "{part}: {found:?}"
        );
    }
    for (path, mode) in found {
        let wanted = if Path::new(&path).is_dir() || path == "data" {
            0o700
        } else {
            0o600
        };
        assert_eq!(mode, wanted, "{path}: {mode:o}");
    }
}

#[test]
fn report_a15_folders_of_an_earlier_version_are_closed() {
    let app = App::new().file("events", EVENTS);
    for folder in [
        "logger-plugin/logs",
        "notification-plugin/outbox/new",
        "audit-plugin",
    ] {
        let folder = app.path("data/plugins").join(folder);
        fs::create_dir_all(&folder).unwrap();
        for folder in folder.ancestors().take(3) {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let log = app.path("data/plugins/audit.ndjson");
    fs::write(&log, "").unwrap();
    fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(run(&app).code, Some(0));
    let mut found = Vec::new();
    walk(&app.path("data/plugins"), &mut found);
    for (path, mode) in found {
        assert_eq!(mode & 0o077, 0, "{path}: {mode:o}");
    }
}
