//! `run --events`: a stream of lines, to its end.

use serde_json::{Value, json};

use super::{App, Ended, repository};

const LOGIN: &str = r#"{"type": "user.login", "data": {"user_id": "12345"}}"#;
const UNKNOWN: &str = r#"{"type": "user.logn", "data": {}}"#;
const WRONG: &str = r#"{"type": "user.login", "data": {"user_id": 7}}"#;

/// What a plugin did, in a summary.
fn plugin<'s>(summary: &'s Value, name: &str) -> &'s Value {
    let mut plugins = summary["plugins"].as_array().unwrap().iter();
    plugins.find(|plugin| plugin["name"] == name).unwrap()
}

#[test]
fn a_day_of_the_shop_is_handled() {
    let line = format!(
        "run --format json --events {}",
        repository("demo/day.ndjson")
    );
    let ended = App::new().run(&line);
    let summary = ended.json();
    let input = &summary["input"];
    let lines = input["lines"].as_u64().unwrap();
    let bad = input["bad"].as_u64().unwrap();
    assert_eq!((lines, bad), (300, 5), "{}", ended.stderr);
    assert_eq!(input["published"], json!(lines - bad));
    assert_eq!(summary["end"], "input");
    let hello = plugin(&summary, "hello-plugin");
    assert!(hello["received"].as_u64() > Some(0), "{hello}");
    assert!(hello["published"].as_u64() > Some(0), "{hello}");
    for name in ["database-plugin", "notification-plugin"] {
        let handled = plugin(&summary, name);
        assert!(handled["received"].as_u64() > Some(0), "{handled}");
    }
    let stops = summary["stop"]["plugins"].as_array().unwrap();
    assert!(stops.iter().all(|stop| stop["lost"] == 0), "{stops:?}");
}

#[test]
fn people_read_a_table() {
    let ended = App::new().run_with("run --events -", &format!("{LOGIN}\n{LOGIN}\n"));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("2 lines in "), "{ended:?}");
    assert!(ended.stdout.contains(" 2 published, 0 bad\n"), "{ended:?}");
    let head = ended.stdout.lines().nth(1).unwrap();
    for column in [
        "plugin",
        "received",
        "published",
        "errors",
        "mean ms",
        "max ms",
    ] {
        assert!(head.contains(column), "{head}");
    }
    assert!(ended.stdout.contains("plugins stopped in "), "{ended:?}");
}

fn feed(on_error: &str) -> Ended {
    let lines = [LOGIN, UNKNOWN, "", WRONG, "{", LOGIN].join("\n");
    App::new().run_with(&format!("run --events - {on_error}"), &lines)
}

#[test]
fn bad_lines_are_told_with_their_numbers_and_skipped() {
    let ended = feed("--on-error skip");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("2 published, 3 bad"), "{ended:?}");
    for part in [
        "line 2: ",
        "did you mean `user.login`?",
        "line 4: ",
        "`user_id`",
        "line 5: ",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
    assert_eq!(feed("").code, Some(0), "to skip is the default");
}

#[test]
fn the_first_bad_line_may_be_the_end() {
    let ended = feed("--on-error stop");
    assert_eq!(ended.code, Some(6), "{ended:?}");
    assert!(ended.stdout.contains("1 published, 1 bad"), "{ended:?}");
    assert!(ended.stderr.contains("line 2: "), "{ended:?}");
    assert!(!ended.stderr.contains("line 4: "), "{ended:?}");
}

#[test]
fn a_file_that_is_not_there_is_found_before_anything_starts() {
    let app = App::new();
    let ended = app.run("run --events nowhere.ndjson");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("can't read `nowhere.ndjson`"),
        "{ended:?}"
    );
    assert!(!app.path("data").exists(), "nothing was written");
}

#[test]
fn what_the_events_caused_is_kept() {
    let app = App::new();
    let save = r#"{"type": "data.save", "data": {"table": "visits", "data": {"user_id": "12345", "page": "/"}}}"#;
    let ended = app.run_with("run --events - --data-dir kept", save);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(app.path("kept/database-plugin").is_dir());
    let audit = std::fs::read_to_string(app.path("kept/audit.ndjson")).unwrap();
    assert!(audit.lines().count() > 10, "{audit}");
    assert!(!app.path("data").exists());
}
