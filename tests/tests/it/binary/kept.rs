//! What is kept below the data directory: what is in the place of a file, and what is missing.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use super::App;

const RUN: &str = "run --events /dev/null --data-dir data";

/// What a plugin or the kernel opens, below the data directory.
const FILES: [&str; 9] = [
    "audit.ndjson",
    "queue-plugin/queue.db",
    "queue-plugin/queue.db.lock",
    "queue-plugin/queue.db-wal",
    "database-plugin/data.sqlite",
    "database-plugin/data.sqlite-wal",
    "auth-plugin/token.key",
    "audit-plugin/events.ndjson",
    "logger-plugin/logs/app.log",
];

fn app() -> App {
    App::new()
        .file(
            "config/plugins/audit-plugin.yaml",
            "audit-plugin: { enabled: true, config: { topics: ['**'] } }\n",
        )
        .file(
            "config/plugins/logger-plugin.yaml",
            "logger-plugin: { config: { output: file, file: { rotation: never } } }\n",
        )
        .file("config/plugins/plugin_manager.yaml", "plugin_manager: {}\n")
}

fn make(path: &Path, kind: &str) -> Option<UnixListener> {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    match kind {
        "a FIFO" => {
            let mut make = assert_cmd::Command::new("mkfifo");
            make.arg(path).assert().success();
            None
        }
        "a directory" => {
            fs::create_dir(path).unwrap();
            None
        }
        _ => Some(UnixListener::bind(path).unwrap()),
    }
}

#[test]
fn report_b16_what_is_no_regular_file_is_refused_at_once() {
    for kind in ["a FIFO", "a directory", "a socket"] {
        for file in FILES {
            let app = app();
            let _listener = make(&app.path("data").join(file), kind);
            let begin = Instant::now();
            let ended = app.run(RUN);
            let told = ended.stderr.lines().last().unwrap_or_default();
            assert!(
                ended.code == Some(4) && told.contains(kind) && told.contains("no regular file"),
                "{file}: {kind}: {ended:?}"
            );
            assert!(begin.elapsed() < Duration::from_secs(10), "{file}: {kind}");
        }
    }
}

#[test]
fn report_b16_a_command_does_not_wait_for_a_queue_that_is_none() {
    let app = app();
    make(&app.path("data/queue-plugin/queue.db"), "a FIFO");
    for command in ["dead-letters list", "queue"] {
        let begin = Instant::now();
        let ended = app.run(&format!("{command} --data-dir data"));
        assert!(ended.stderr.contains("a FIFO is there"), "{ended:?}");
        assert!(begin.elapsed() < Duration::from_secs(10), "{command}");
    }
}

#[test]
fn report_b9_what_is_gone_is_told_at_the_next_start() {
    for file in [
        "audit.ndjson",
        "database-plugin/data.sqlite",
        "queue-plugin/queue.db",
        "auth-plugin/token.key",
        "audit-plugin/events.ndjson",
        "database-plugin",
    ] {
        let app = App::new().file(
            "config/plugins/audit-plugin.yaml",
            "audit-plugin: { enabled: true, config: { topics: ['**'] } }\n",
        );
        let told = |ended: &super::Ended| {
            let mut lines = ended.stderr.lines();
            lines.any(|line| {
                line.contains("was there at an earlier start and is gone")
                    && line.contains(file.rsplit('/').next().unwrap())
            })
        };
        for _ in 0..2 {
            let ended = app.run(RUN);
            assert!(ended.code == Some(0) && !told(&ended), "{file}: {ended:?}");
        }
        let path = app.path("data").join(file);
        match path.is_dir() {
            true => fs::remove_dir_all(&path).unwrap(),
            false => fs::remove_file(&path).unwrap(),
        }
        // With the log of SQLite beside it, the queue would be refused, and not made anew.
        drop(fs::remove_file(path.with_extension("db-wal")));
        let ended = app.run(RUN);
        assert!(ended.code == Some(0) && told(&ended), "{file}: {ended:?}");
        let ended = app.run(RUN);
        assert!(ended.code == Some(0) && !told(&ended), "{file}: {ended:?}");
    }
}
