//! Config with mistakes: all of them at once, with their places, before anything starts.

use serde_json::Value;

use super::App;

fn broken() -> App {
    App::new()
        .file(
            "config/plugin_manager.yaml",
            "plugin_manager:\n  config_dir: config/plugins\n  max_concurency: 3\n  timeout: fast\n",
        )
        .file(
            "config/plugins/hello-plugin.yaml",
            "hello-plugin:\n  version: \"2.0.0\"\n  config:\n    mesage: hi\n    retry_count: many\n",
        )
}

/// Place and text of each mistake.
const MISTAKES: [(&str, &str); 5] = [
    (
        "plugin_manager.yaml:3:3: ",
        "did you mean `max_concurrency`?",
    ),
    ("plugin_manager.yaml:4:12: ", "plugin_manager.timeout"),
    ("hello-plugin.yaml:2:12: ", "holds version 1.0.0"),
    ("hello-plugin.yaml:4:5: ", "did you mean `message`?"),
    (
        "hello-plugin.yaml:5:18: ",
        "hello-plugin.config.retry_count",
    ),
];

#[test]
fn every_mistake_is_told_with_its_place() {
    for command in ["", "run", "check", "config show hello-plugin"] {
        let app = broken();
        let ended = app.run(command);
        assert_eq!(ended.code, Some(3), "{command}: {ended:?}");
        for (place, text) in MISTAKES {
            let found = ended.stderr.lines().find(|line| line.contains(place));
            assert!(
                found.is_some_and(|line| line.contains(text)),
                "{command}: {place}{text}: {}",
                ended.stderr
            );
        }
        assert!(ended.stdout.is_empty(), "{ended:?}");
        assert!(!app.path("data").exists(), "{command} started something");
    }
}

#[test]
fn programs_read_the_same() {
    let ended = broken().run("check --format json");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let checked: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(checked["ok"], Value::Bool(false));
    let errors = checked["errors"].as_array().unwrap();
    assert_eq!(errors.len(), MISTAKES.len(), "{checked}");
    assert_eq!(errors[0]["suggestion"], "max_concurrency", "{checked}");
    assert_eq!(errors[0]["place"]["line"], 3, "{checked}");
}

#[test]
fn a_variable_is_a_place_too() {
    let mut command = assert_cmd::Command::new(super::binary());
    let app = App::new();
    command
        .arg("check")
        .current_dir(app.path(""))
        .env("APP__HELLO_PLUGIN__CONFIG__RETRY_COUNT", "many");
    let ended = super::Ended::of(&command.output().unwrap());
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let place = "APP__HELLO_PLUGIN__CONFIG__RETRY_COUNT";
    assert!(ended.stderr.contains(place), "{ended:?}");
}

#[test]
fn a_right_that_is_missing_says_what_to_write() {
    let app = App::new().file(
        "config/plugin_manager.yaml",
        "plugin_manager: { config_dir: config/plugins }\nhello-plugin: { permissions: [] }\n",
    );
    std::fs::create_dir_all(app.path("config/plugins")).unwrap();
    let ended = app.run("check");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    for part in [
        "`hello-plugin` may not publish `user.welcome`",
        "permissions:\n",
        "event_bus",
    ] {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
}
