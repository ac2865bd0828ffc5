//! What must not be shown is not.

use std::collections::BTreeMap;

use plugin_core::config::{Explained, Secret, load};

use crate::build::{BUILD, base, loaded, refused, with};

fn explained(settings: &plugin_core::config::Settings, key: &str) -> Explained {
    let name = key.split('.').next().expect("a name");
    let all = settings.explain(name).expect("a plugin of the build");
    all.into_iter()
        .find(|it| it.key == key)
        .expect("the key is there")
}

#[test]
fn a_secret_never_prints() {
    let secret = Secret::from("hunter2");
    let json = serde_json::to_string(&secret).expect("it serializes");
    for shown in [format!("{secret}"), format!("{secret:?}"), json] {
        assert!(
            shown.contains("***") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
    assert_eq!(secret.expose(), "hunter2");
}

#[test]
fn settings_hold_secrets_and_do_not_show_them() {
    let sources =
        with("database-plugin: { config: { password: '${PW}' } }").environment([("PW", "hunter2")]);
    let settings = loaded(&sources);
    assert_eq!(
        settings.plugins["database-plugin"].values["password"],
        "hunter2"
    );
    let shown = format!("{settings:?} {sources:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let password = explained(&settings, "database-plugin.config.password");
    assert_eq!(password.value, "***");
    assert_eq!(password.origin.to_string(), "embedded test:1:40");
}

#[test]
fn a_mistake_in_a_secret_does_not_show_it() {
    let text = refused(&with("database-plugin: { config: { password: 4711 } }")).to_string();
    assert!(
        text.contains("expected text, found `***`") && !text.contains("4711"),
        "{text}"
    );
}

/// What stands where a secret could be, and has another form than the one that is wanted there.
const MISPLACED: [&str; 16] = [
    "password: [hunter2]",
    "password: { hunter2: 1 }",
    "password: !hunter2",
    "password: 12${hunter-2}",
    "password: ${hunter 2}",
    "logins: hunter2",
    "logins: [hunter2]",
    "logins: [[hunter2]]",
    "logins: { name: hunter2 }",
    "logins: [{ name: x, pasword: hunter2, password: 1 }]",
    "gateway: http://u:hunter2@h/",
    "gateway: hunter2",
    "gateway: [hunter2]",
    "gateway: { url: [hunter2], tokens: hunter2 }",
    "gateway: { url: hunter2, token: hunter2, tokens: { a: [hunter2] } }",
    "gateway: { url: x, next: { url: x, next: hunter2 } }",
];

#[test]
fn report_a16_a_value_of_another_form_than_what_holds_a_secret_is_masked_whole() {
    for text in MISPLACED {
        let mut own = BTreeMap::from([("password", "base")]);
        own.retain(|key, _| !text.starts_with(key));
        let base = own.iter().map(|(key, value)| format!("{key}: {value}, "));
        let base: String = base.collect();
        let own = format!("database-plugin: {{ config: {{ {base}{text} }} }}");
        let told = match load(&with(&own), &BUILD) {
            Ok(settings) => format!("{settings:?} {:?}", settings.explain("database-plugin")),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(
            !told.contains("hunter") && !told.contains("4711"),
            "{text}: {told}"
        );
        // What is off is shown unchecked.
        let off = "user-service: { enabled: false }";
        let off = format!(
            "{off}\n{}",
            own.replace("{ config", "{ enabled: false, config")
        );
        let Ok(settings) = load(&with(&off), &BUILD) else {
            continue;
        };
        let told = format!("{settings:?} {:?}", settings.explain("database-plugin"));
        assert!(!told.contains("hunter"), "{text}: {told}");
    }
}

#[test]
fn report_a16_a_variable_that_is_no_yaml_is_not_told() {
    for value in [
        "[{name: x, password: hunter2",
        "hunter2",
        "'hunter2",
        "[[hunter2]]",
    ] {
        let variables = [("APP__DATABASE_PLUGIN__CONFIG__LOGINS", value)];
        let text = refused(&base().environment(variables)).to_string();
        assert!(
            text.contains("expected a list") || text.contains("expected a section"),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn every_key_is_explained_with_where_it_comes_from() {
    let text = "hello-plugin:\n  mailbox: 5\n  config: { message: hi }";
    let sources = with(text)
        .environment([("APP__HELLO_PLUGIN__CONFIG__RETRY_COUNT", "2")])
        .plugin_config(
            "hello-plugin",
            serde_json::json!({ "max_notifications": 9 }),
        );
    let settings = loaded(&sources);
    let origin = |key: &str| {
        let it = explained(&settings, &format!("hello-plugin.{key}"));
        format!("{} {}", it.value, it.origin)
    };
    assert_eq!(origin("mailbox"), "5 embedded test:2:12");
    assert_eq!(origin("config.message"), "\"hi\" embedded test:3:22");
    assert_eq!(
        origin("config.retry_count"),
        "2 APP__HELLO_PLUGIN__CONFIG__RETRY_COUNT"
    );
    assert_eq!(origin("config.max_notifications"), "9 program");
    assert_eq!(origin("enabled"), "true default");
    assert_eq!(origin("start.backoff.max"), "\"10s\" default");

    let port = explained(&loaded(&base()), "database-plugin.config.port");
    assert_eq!(
        (port.value, port.origin.to_string().as_str()),
        (3306.into(), "default")
    );
    assert_eq!(explained(&settings, "plugin_manager.timeout").value, "30s");
    assert!(settings.explain("nobody").is_none());
}

#[test]
fn report_a16_what_should_be_an_address_is_checked_as_one_and_not_told() {
    for url in [
        "https://h:hunter2/",
        "https://u:p@h:hunter2/send",
        "https:///hunter2",
        "https://[hunter2]/",
        "h:hunter2",
        "hunter2",
    ] {
        let own = format!("database-plugin: {{ config: {{ gateway: {{ url: '{url}' }} }} }}");
        let sources = base().embedded("test", own);
        let error = refused(&sources);
        let [issue] = error.issues() else {
            panic!("{error}")
        };
        assert_eq!(issue.key, "database-plugin.config.gateway.url");
        assert!(
            issue.what.starts_with("no address: write scheme, host"),
            "{issue}"
        );
        assert!(!error.to_string().contains("hunter"), "{error}");
    }
    let own = "database-plugin: { config: { gateway: { url: 'http://[::1]:8080/x' } } }";
    loaded(&base().embedded("test", own));
}

#[test]
fn report_a16_secrets_in_keys_that_a_file_makes_up_are_masked() {
    let text = "free-plugin:
  config:
    \"https://u:hunter2@h/\": 1
    \"token=hunter2\": [{ \"u:hunter2@h\": 1 }]
    \"https://h:hunter2/\": { a: 1 }
    \"ghp_hunter2hunter2\": x
";
    let settings = loaded(&with(text));
    let all = settings.explain("free-plugin").expect("a plugin");
    let told = format!("{settings:?} {all:?}");
    assert!(told.contains("https://***@h/"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");

    let text = "\"https://u:hunter2@h/\": {}
hello-plugin:
  \"u:hunter2@h\": 1
  config: { \"key=hunter2\": 1 }
";
    let error = refused(&with(text));
    let told = format!("{error} {error:?}");
    let keys: Vec<_> = error
        .issues()
        .iter()
        .map(|issue| issue.key.as_str())
        .collect();
    let right = [
        "https://***@h/",
        "hello-plugin.***@h",
        "hello-plugin.config.key=***",
    ];
    assert_eq!(keys, right, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn report_a16_what_a_name_tells_to_be_a_secret_is_masked_in_any_key() {
    let text = "free-plugin:
  config:
    apiKey: hunter2
    nested: { smtp_password: hunter2, token_ttl: 5m }
    from: ${MAIL_TOKEN}
    user: a ${DB_PASSWORD:-hunter2} b
    host: ${HOST}
";
    let variables = [("MAIL_TOKEN", "hunter2"), ("HOST", "here")];
    let settings = loaded(&with(text).environment(variables));
    let all = settings.explain("free-plugin").expect("a plugin");
    let told = format!("{settings:?} {all:?}");
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("here") && told.contains("5m"), "{told}");

    let text = "database-plugin:
  config: { port: \"${DB_PASSWORD}\", even: \"${DB_PASSWORD}\", mode: \"${DB_PASSWORD}\" }
hello-plugin:
  roles: [\"${DB_PASSWORD}\"]
  dependencies: [\"${DB_PASSWORD}\"]
";
    let error = refused(&with(text).environment([("DB_PASSWORD", "hunter2")]));
    let told = format!("{error} {error:?}");
    assert!(error.issues().len() >= 4, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn report_a16_a_difference_shows_no_secret_either() {
    let text = |value| {
        format!(
            "free-plugin:
  config: {{ apiKey: hunter2-{value}, from: '${{MAIL_TOKEN}} {value}', 'https://u:hunter2@h/': {value} }}"
        )
    };
    let variables = || [("MAIL_TOKEN", "hunter2")];
    let old = loaded(&with(&text(1)).environment(variables()));
    let new = loaded(&with(&text(2)).environment(variables()));
    let told = format!("{:?}", old.difference(&new));
    assert_eq!(told.matches("ChangedKey").count(), 3, "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}
