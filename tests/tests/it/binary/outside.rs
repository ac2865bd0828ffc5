//! Text from outside, as people meet it on a terminal: it is shown, and not obeyed.

use serde_json::{Value, json};

use super::{App, Ended, binary};

/// It clears the screen, forges a row, turns letters round, and hides some.
const HOSTILE: &str = "x\u{1b}[2J\r\n0000000000000000  forged\u{9b}31m\u{202e}\u{200b}\u{2028}y";
fn obeyed(text: &str) -> Option<char> {
    let shown = |char: &char| *char == '\n' || *char == ' ' || !is_obeyed(*char);
    text.chars().find(|char| !shown(char))
}

/// Without the kernel's own list: what no text of these tests should hold.
fn is_obeyed(char: char) -> bool {
    char.is_control() || "\u{202e}\u{200b}\u{2028}".contains(char)
}

fn nothing_is_obeyed(ended: &Ended) {
    assert_eq!(obeyed(&ended.stdout), None, "{ended:?}");
    assert_eq!(obeyed(&ended.stderr), None, "{ended:?}");
}

/// A row that can't be saved: the columns of this event are free.
fn save() -> String {
    let row = json!({ "order_id": HOSTILE, "user_id": "u", "total_cents": HOSTILE });
    json!({ "type": "data.save", "data": { "table": "orders", "data": row } }).to_string()
}

#[test]
fn report_a10_dead_letters_are_shown_and_not_obeyed() {
    let app = App::new();
    let ran = app.run_with("run --events -", &save());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    nothing_is_obeyed(&ran);
    let listed = app.run("dead-letters list");
    nothing_is_obeyed(&listed);
    assert_eq!(
        listed.stdout.lines().count(),
        2,
        "a heading and a row: {listed:?}"
    );

    let json = app.run("dead-letters list --format json");
    nothing_is_obeyed(&json);
    let page = json.json();
    let id = page["letters"][0]["id"].as_str().unwrap();
    let json = app.run(&format!("dead-letters show {id} --format json"));
    nothing_is_obeyed(&json);
    assert_eq!(
        json.json()["data"]["data"]["order_id"],
        HOSTILE,
        "programs read it as it is"
    );
    let shown = app.run(&format!("dead-letters show {id}"));
    nothing_is_obeyed(&shown);
    assert_eq!(
        shown.stdout.lines().count(),
        10,
        "a line a field: {shown:?}"
    );
    let data = shown
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("data"));
    let data: Value = serde_json::from_str(data.unwrap()).unwrap();
    assert_eq!(data["data"]["order_id"], HOSTILE);
}

#[test]
fn report_a10_bad_lines_of_a_stream_are_shown_and_not_obeyed() {
    let lines = [
        json!({ "type": HOSTILE, "data": {} }),
        json!({ "type": "user.login", "data": { HOSTILE: 1 } }),
        json!({ "type": "order.created", "data": { "order_id": "a", "user_id": "u", "total_cents": HOSTILE } }),
        json!({ HOSTILE: 1 }),
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    for format in ["text", "json"] {
        let line = format!("run --events - --format {format}");
        let ended = App::new().run_with(&line, &lines.join("\n"));
        nothing_is_obeyed(&ended);
        let told = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("line "));
        assert_eq!(told.count(), 4, "{ended:?}");
    }
}

#[test]
fn report_a10_mistakes_of_the_config_are_shown_and_not_obeyed() {
    let quoted = serde_json::to_string(HOSTILE).unwrap();
    let file = format!(
        "hello-plugin:\n  {quoted}: 1\n  version: {quoted}\n  config:\n    retry_count: {quoted}\n"
    );
    let app = App::new().file("config/plugins/h.yaml", &file);
    for command in ["check", "check --format json", "run"] {
        let ended = app.run(command);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        nothing_is_obeyed(&ended);
    }
    let told = app.run("check").stderr;
    let is_ours = |line: &str| line == "error:" || line.starts_with("config/plugins/h.yaml:");
    assert!(told.lines().all(is_ours), "a line a mistake: {told}");
    let good = format!("hello-plugin:\n  config:\n    message: {quoted}\n");
    let app = App::new().file("config/plugins/h.yaml", &good);
    for command in [
        "config show hello-plugin",
        "explain hello-plugin",
        "list",
        "graph",
    ] {
        let ended = app.run(command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        nothing_is_obeyed(&ended);
    }
    let shown = app.run("config show hello-plugin").stdout;
    let row = shown
        .lines()
        .find(|line| line.contains("config.message"))
        .unwrap();
    assert!(
        row.contains(r"x\u001b[2J\r\n0000"),
        "JSON escapes in its own way: {row}"
    );
}

#[test]
fn report_a10_what_was_typed_is_shown_and_not_obeyed() {
    for words in [
        vec!["explain", HOSTILE],
        vec!["config", "show", HOSTILE],
        vec!["run", "--events", HOSTILE],
        vec!["check", "--config", HOSTILE],
        vec!["dead-letters", "show", HOSTILE],
        vec![HOSTILE],
    ] {
        let mut command = assert_cmd::Command::new(binary());
        let app = App::new();
        command.args(&words).current_dir(app.path(""));
        let ended = Ended::of(&command.output().unwrap());
        assert_ne!(ended.code, Some(0), "{ended:?}");
        nothing_is_obeyed(&ended);
    }
}

#[test]
fn report_a10_the_log_is_shown_and_not_obeyed() {
    for format in ["text", "json"] {
        let app = App::new();
        let mut command = assert_cmd::Command::new(binary());
        let login = json!({ "type": "user.login", "data": { "user_id": HOSTILE } });
        command
            .args(["run", "--events", "-"])
            .current_dir(app.path(""))
            .env("APP__LOGGER_PLUGIN__CONFIG__LEVEL", "trace")
            .env("APP__LOGGER_PLUGIN__CONFIG__FORMAT", format)
            .write_stdin(format!("{login}\n{}", save()));
        let ended = Ended::of(&command.output().unwrap());
        assert!(ended.stderr.to_lowercase().contains("error"), "{ended:?}");
        nothing_is_obeyed(&ended);
        let lines = ended.stderr.lines();
        let forged = lines.filter(|line| line.starts_with("0000000000000000"));
        assert_eq!(forged.count(), 0, "{ended:?}");
    }
}
