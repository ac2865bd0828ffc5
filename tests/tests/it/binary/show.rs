//! The commands that start nothing: for people, and for programs.

use std::path::Path;

use serde_json::{Value, json};

use super::App;

const PLUGINS: [&str; 11] = [
    "logger-plugin",
    "queue-plugin",
    "watch-plugin",
    "cache-plugin",
    "database-plugin",
    "file-plugin",
    "hello-plugin",
    "user-service",
    "auth-plugin",
    "notification-plugin",
    "api-plugin",
];

fn text(line: &str) -> String {
    let app = App::new();
    let ended = app.run(line);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!app.path("data").exists(), "{line} started something");
    ended.stdout
}

fn json(line: &str) -> Value {
    App::new().run(&format!("{line} --format json")).json()
}

#[test]
fn list_names_every_plugin_in_start_order() {
    let listed = json("list");
    let mut plugins = listed.as_array().unwrap().iter();
    let first = plugins.next().unwrap();
    assert_eq!(
        (&first["name"], &first["place"]),
        (&json!("logger-plugin"), &json!(1))
    );
    let last = plugins.next_back().unwrap();
    assert_eq!(
        (&last["name"], &last["kind"]),
        (&json!("api-plugin"), &json!("middleware"))
    );
    for name in PLUGINS {
        let entry = listed
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["name"] == name);
        let entry = entry.unwrap_or_else(|| panic!("{name}: {listed}"));
        assert_eq!(entry["state"], "on");
        assert!(
            entry["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{entry}"
        );
    }
    let shown = text("list");
    assert!(PLUGINS.iter().all(|name| shown.contains(name)), "{shown}");
}

#[test]
fn graph_speaks_five_languages() {
    let graph = json("graph");
    let services = graph["services"].as_array().unwrap();
    let users = services
        .iter()
        .find(|service| service["name"] == "UserService");
    assert_eq!(users.unwrap()["providers"], json!(["user-service"]));
    let events = graph["events"].as_array().unwrap();
    let welcome = events
        .iter()
        .find(|event| event["topic"] == "user.welcome")
        .unwrap();
    assert_eq!(welcome["publishers"], json!(["hello-plugin"]));
    assert_eq!(welcome["subscribers"], json!(["notification-plugin"]));

    let lookup = &graph["requests"][0];
    assert_eq!(lookup["topic"], "user.lookup");
    assert_eq!(lookup["responders"], json!(["user-service"]));
    assert_eq!(lookup["requesters"], json!(["notification-plugin"]));

    assert!(text("graph --format mermaid").starts_with("flowchart"));
    assert!(text("graph --format dot").starts_with("digraph"));
    let drawing = &graph["drawing"];
    let edges = drawing["edges"].as_array().unwrap();
    let login = edges.iter().find(|edge| edge["from"] == "event:user.login");
    assert_eq!(login.unwrap()["to"], "plugin:hello-plugin");
    let shown = text("graph");
    assert!(PLUGINS.iter().all(|name| shown.contains(name)), "{shown}");
}

#[test]
fn the_picture_in_readme_is_that_of_this_build() {
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pictures/graph.svg");
    let shown = text("graph --format svg");
    assert!(
        std::fs::read_to_string(picture).unwrap() == shown,
        "make it anew: cargo run -- graph --format svg > docs/pictures/graph.svg"
    );
}

#[test]
fn explain_tells_everything_about_one_plugin() {
    let hello = json("explain hello-plugin");
    assert_eq!(
        (&hello["feature"], &hello["state"]["on"]),
        (&json!("hello"), &json!(true))
    );
    let forced = hello["order"]["forced_by"].as_str().unwrap();
    assert!(forced.contains("logger-plugin"), "{forced}");
    assert!(hello["events_in"].to_string().contains("user.login"));
    assert!(hello["events_out"].to_string().contains("user.welcome"));
    assert!(
        hello["permissions"]["asked"]
            .to_string()
            .contains("event_bus:user.welcome")
    );
    assert!(
        hello["config"]
            .to_string()
            .contains("hello-plugin.config.message")
    );

    let asking = text("explain notification-plugin");
    for part in ["answers to `user.lookup`, from user-service", "asks"] {
        assert!(asking.contains(part), "{part}: {asking}");
    }
    let answering = text("explain user-service");
    assert!(answering.contains("user.lookup  lookup"), "{answering}");

    let shown = text("explain auth-plugin");
    for part in [
        "auth-plugin",
        "UserService",
        "Cache",
        "Database",
        "user.logout",
        "api-plugin",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn check_is_content_with_the_default_config() {
    assert_eq!(json("check")["ok"], json!(true));
    assert!(text("check").starts_with("config is good: 13 plugins would start"));
}

#[test]
fn the_schema_is_that_of_this_binary() {
    let schema = json("schema");
    for name in PLUGINS {
        assert!(schema["properties"][name].is_object(), "{name}");
    }
    assert!(schema["x-topics"]["user.login"].is_object());
    assert_eq!(
        serde_json::from_str::<Value>(&text("schema")).unwrap(),
        schema
    );
}

#[test]
fn config_show_says_where_each_value_comes_from_and_hides_secrets() {
    let app = App::new().file(
        "config/plugin_manager.yaml",
        "plugin_manager: { config_dir: config/plugins, timeout: 7s }\n",
    );
    let app = app.file(
        "config/plugins/hello-plugin.yaml",
        "hello-plugin:\n  config:\n    message: moin\n",
    );
    let values = app.run("config show hello-plugin --format json").json();
    let value = |values: &Value, key: &str| {
        let mut values = values.as_array().unwrap().iter();
        values.find(|value| value["key"] == key).cloned().unwrap()
    };
    let message = value(&values, "hello-plugin.config.message");
    assert_eq!(message["value"], "moin");
    assert_eq!(message["origin"]["line"], json!(3), "{message}");
    let kept = value(&values, "hello-plugin.config.retry_count");
    assert_eq!(kept["origin"]["from"], "embedded", "{kept}");
    let manager = app.run("config show plugin_manager --format json").json();
    assert_eq!(value(&manager, "plugin_manager.timeout")["value"], "7s");

    let shown = app.run("config show auth-plugin");
    assert!(shown.stdout.contains("***"), "{shown:?}");
    assert!(
        !shown.stdout.contains("\"demo\",\"phone\"") && !shown.stdout.contains("password\":\"demo"),
        "{shown:?}"
    );
}

#[test]
fn each_command_has_help() {
    for command in [
        "",
        "run",
        "list",
        "graph",
        "explain",
        "check",
        "schema",
        "config show",
    ] {
        let shown = text(&format!("{command} --help"));
        assert!(shown.contains("Usage: "), "{command}: {shown}");
    }
    let shown = text("--help");
    for code in ["Exit codes:", "3  the config has mistakes", "130  "] {
        assert!(shown.contains(code), "{code}: {shown}");
    }
}
