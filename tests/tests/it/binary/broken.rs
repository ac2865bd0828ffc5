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
fn report_4_a_data_dir_that_is_a_file_is_told_with_its_path() {
    for command in ["run", "dead-letters list", "queue"] {
        let app = App::new().file("taken", "");
        let ended = app.run(&format!("{command} --data-dir taken/below"));
        assert_ne!(ended.code, Some(0), "{command}: {ended:?}");
        let text = "`taken` is a file, and no directory: move it away, or name another directory";
        assert!(ended.stderr.contains(text), "{command}: {ended:?}");
        assert!(!ended.stderr.contains("plugin `manager`"), "{ended:?}");
    }
}

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

/// What only the plugin knows to be wrong: `check` tells it, and not first the start.
#[test]
fn report_c5_what_a_plugin_refuses_is_told_by_check_at_its_place() {
    for (plugin, config, key) in [
        ("database-plugin", "max_result_bytes: 1", "max_result_bytes"),
        ("database-plugin", "max_rows: 1", "max_rows"),
        ("database-plugin", "path: ''", "path"),
        ("database-plugin", "path: ../../../esc.db", "path"),
        ("database-plugin", "path: ':memory:'", "path"),
        ("database-plugin", "password: x", "password"),
        (
            "database-plugin",
            "host: 'u:hunter2@h', database: d",
            "host",
        ),
        (
            "database-plugin",
            "tables: { 'a b': { c: text } }",
            "tables",
        ),
        (
            "database-plugin",
            "tables: { a: { id: text } }",
            "tables.a.id",
        ),
        ("queue-plugin", "path: ''", "path"),
        ("queue-plugin", "path: a/../../x.db", "path"),
        ("logger-plugin", "file: { prefix: ../../p }", "file.prefix"),
        (
            "logger-plugin",
            "file: { directory: ../logs }",
            "file.directory",
        ),
        ("api-plugin", "address: localhost", "address"),
        ("api-plugin", "address: http://u:hunter2@h/", "address"),
        ("api-plugin", "open: [GET /x]", "open"),
        ("auth-plugin", "secret: hunter2", "secret"),
        (
            "auth-plugin",
            r#"users: [{ id: "a\e", name: A, email: a@b, password: hunter2-hunter3 }]"#,
            "users[0]",
        ),
        (
            "auth-plugin",
            "allow_weak_passwords: false, users: [{ id: a, name: A, email: a@b, password: hunter2 }]",
            "users[0].password",
        ),
        (
            "user-service",
            "users: [{ id: a, name: A, email: ab }]",
            "users[0]",
        ),
        ("notification-plugin", "from: nobody", "from"),
        (
            "notification-plugin",
            "smtp: { host: 'smtp://u:hunter2@h/' }",
            "smtp.host",
        ),
        (
            "notification-plugin",
            "smtp: { host: h, username: u }",
            "smtp",
        ),
        ("notification-plugin", "sms: { url: hunter2 }", "sms.url"),
        (
            "notification-plugin",
            "templates: { welcome: { subject: '{nobody}' } }",
            "templates.welcome.subject",
        ),
        (
            "rate-limit-plugin",
            "limits: [{ topics: a, rate: 1, by: field }]",
            "limits[0]",
        ),
    ] {
        let text = format!("{plugin}: {{ enabled: true, config: {{ {config} }} }}\n");
        let app = App::new().file("config/plugins/p.yaml", &text);
        let ended = app.run("check");
        let told = format!(": {plugin}.config.{key}: ");
        let found = ended.stderr.lines().any(|line| {
            line.contains(&told) && line.starts_with("error: config/plugins/p.yaml:1:")
        });
        assert!(ended.code == Some(3) && found, "{text}{ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

/// One file that can't be read takes nothing away from what the others say.
#[test]
fn report_i12_commands_that_only_look_go_on_with_what_can_be_read() {
    let hello = "config/plugins/hello-plugin.yaml";
    let app = App::new()
        .file(hello, "hello-plugin: { config: { message: ahoy } }\n")
        .file(
            "config/plugins/file-plugin.yaml",
            "file-plugin: { config: [\n",
        );
    for (line, told) in [
        ("config show hello-plugin", "\"ahoy\""),
        ("dead-letters list", "no dead letters"),
        ("queue", "plugin  handler"),
    ] {
        let ended = app.run(line);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended.stdout.contains(told) || ended.stderr.contains(told),
            "{ended:?}"
        );
        let warning =
            "warning: this part of the config can't be read: config/plugins/file-plugin.yaml:";
        assert!(ended.stderr.contains(warning), "{ended:?}");
    }
    // What changes something wants to know all of it.
    for line in ["queue drop --all", "dead-letters drop --all"] {
        let ended = app.run(line);
        assert_ne!(ended.code, Some(0), "{ended:?}");
    }
}
