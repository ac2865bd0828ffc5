//! Secrets inside of other values, in whatever an operator is shown of the config.

use super::App;

const FILE: &str = r#"
notification-plugin:
  config:
    sms: { url: "https://user:hunter2@gw.example:8443/T0/hunter2?key=hunter2", token: hunter2 }
hello-plugin:
  config: { message: "mysql://app:hunter2@db/x?password=hunter2" }
"#;

#[test]
fn report_a16_secrets_inside_of_values_are_masked() {
    let app = App::new().file("config/plugins/n.yaml", FILE);
    for command in ["config show", "explain"] {
        for plugin in ["notification-plugin", "hello-plugin"] {
            for format in ["text", "json"] {
                let ended = app.run(&format!("{command} {plugin} --format {format}"));
                assert_eq!(ended.code, Some(0), "{ended:?}");
                assert!(!ended.stdout.contains("hunter2"), "{ended:?}");
            }
        }
    }
    let shown = app.run("config show notification-plugin").stdout;
    assert!(shown.contains("https://***@gw.example:8443/***"), "{shown}");
    let shown = app.run("config show hello-plugin").stdout;
    assert!(shown.contains("mysql://***@db/x?password=***"), "{shown}");
}

#[test]
fn report_a16_no_message_tells_them() {
    for file in [
        FILE.replace("https:", "ftp:"),
        FILE.replace("sms: {", "sms: { timeout: \"https://u:hunter2@x\", "),
        FILE.replace("https://user:hunter2@", "hunter2 "),
    ] {
        let app = App::new().file("config/plugins/n.yaml", &file);
        for command in ["check", "run --events /dev/null"] {
            let ended = app.run(command);
            let told = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!told.contains("hunter2"), "{ended:?}");
        }
        assert_ne!(
            app.run("run --events /dev/null").code,
            Some(0),
            "it is a mistake"
        );
    }
}

#[test]
fn report_a16_values_of_another_form_are_told_nowhere() {
    let app = App::new();
    for (variable, value) in [
        ("AUTH_PLUGIN__CONFIG__USERS", "[{name: x, password: hunter2"),
        ("AUTH_PLUGIN__CONFIG__USERS", "{ hunter2: hunter2 }"),
        ("NOTIFICATION_PLUGIN__CONFIG__SMS", "http://u:hunter2@h/"),
        ("NOTIFICATION_PLUGIN__CONFIG__SMTP", "smtp://u:hunter2@h/"),
        ("DATABASE_PLUGIN__CONFIG__PASSWORD", "{ hunter2: 1 }"),
        ("API_PLUGIN__CONFIG__ADDRESS", "http://u:hunter2@h/"),
        (
            "HELLO_PLUGIN__CONFIG__MESSAGE",
            r#"{"password": "hunter2"}"#,
        ),
        ("HELLO_PLUGIN__CONFIG__MESSAGE", "api_key: hunter2"),
        ("HELLO_PLUGIN__CONFIG__MESSAGE", "u:hunter2@h"),
    ] {
        let plugin = variable.split("__").next().unwrap();
        let plugin = plugin.to_lowercase().replace('_', "-");
        for command in ["check", "config show", "explain", "run --events /dev/null"] {
            let line = match command {
                "config show" | "explain" => format!("{command} {plugin}"),
                command => command.to_owned(),
            };
            let set = [(format!("APP__{variable}"), value)];
            let ended = app.run_set(&line, set);
            let told = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!told.contains("hunter2"), "{variable}: {line}: {ended:?}");
        }
    }
}
