//! All mistakes at once, each with its place and what would be right.

use plugin_core::config::{IssueKind, Sources};

use crate::build::{base, lines, refused, with};

#[test]
fn the_manager_is_checked_key_by_key() {
    let text = "
plugin_manager:
  max_concurency: 3
  max_concurrency: 0
  timeout: 30
  metrics_port: 70000
  enable_metrics: maybe
  max_cpu: 0
  start: { policy: retri }
";
    assert_eq!(
        lines(&with(text))[1..],
        [
            "4:20: plugin_manager.max_concurrency: out of range (expected a whole number from 1 to 10000, found the number 0)",
            "5:12: plugin_manager.timeout: wrong type (expected a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`, found the number 30; did you mean `30s`?)",
            "6:17: plugin_manager.metrics_port: out of range (expected a whole number from 0 to 65535, found the number 70000)",
            "7:19: plugin_manager.enable_metrics: wrong type (expected `true` or `false`, found the text `maybe`)",
            "8:12: plugin_manager.max_cpu: out of range (expected a number from 0.01 to 10000.0, found the number 0)",
            "9:20: plugin_manager.start.policy: unknown word (expected one of `fail`, `retry`, `ignore`, found the text `retri`; did you mean `retry`?)",
        ]
    );
    let error = refused(&with(text));
    let unknown = &error.issues()[0];
    assert_eq!(
        (unknown.kind, unknown.key.as_str()),
        (IssueKind::UnknownKey, "plugin_manager.max_concurency")
    );
    assert_eq!(unknown.suggestion.as_deref(), Some("max_concurrency"));
}

#[test]
fn a_plugin_is_checked_key_by_key() {
    let text = "
hello-plugin:
  name: hello
  version: first
  enable: true
  mailbox: 0
  permissions:
    - resource: event_buss
      actions: [publish]
    - action: [write]
  resources: { goroutines: 3, tasks: 3 }
  config:
    mesage: hi
    max_notifications: 0
";
    assert_eq!(
        lines(
            &Sources::new()
                .embedded("b", "database-plugin: {config: {password: x}}")
                .embedded("test", text)
        ),
        [
            "3:9: hello-plugin.name: unknown word (expected `hello-plugin`, found the text `hello`; did you mean `hello-plugin`?)",
            "4:12: hello-plugin.version: no version requirement (expected a version requirement such as `1.2` or `>=1.2, <3`, found the text `first`)",
            "5:3: hello-plugin.enable: unknown key (expected one of `config`, `conflicts`, `dependencies`, `enabled`, `handlers`, `isolation`, `mailbox`, `name`, `permissions`, `replicas`, `requests`, `resources`, `restart`, `roles`, `schedules`, `services`, `start`, `timeout`, `version`, `watchdog`; did you mean `enabled`?)",
            "6:12: hello-plugin.mailbox: out of range (expected a whole number from 1 to 1000000000, found the number 0)",
            "10:7: hello-plugin.permissions[1].action: unknown key (expected one of `actions`, `resource`; did you mean `actions`?)",
            "10:7: hello-plugin.permissions[1].resource: missing (expected text)",
            "11:16: hello-plugin.resources.goroutines: means the same as `tasks`, which is set at 11:31",
            "13:5: hello-plugin.config.mesage: unknown key (expected one of `max_notifications`, `message`, `retry_count`; did you mean `message`?)",
            "14:24: hello-plugin.config.max_notifications: out of range (expected a whole number from 1 to 100000, found the number 0)",
        ]
    );
}

#[test]
fn the_types_of_a_plugin_s_own_section_are_known() {
    let text = "
database-plugin:
  config:
    prot: 1
    host: 127
    linger: 0.5
    tables: [{ name: a, rows: -1 }, { row: 2 }, 7]
    engine: { kind: sqlight, path: x }
    mode: read
    even: 3
";
    assert_eq!(
        lines(&with(text)),
        [
            "4:5: database-plugin.config.prot: unknown key (expected one of `engine`, `even`, `gateway`, `host`, `linger`, `logins`, `mode`, `password`, `port`, `tables`, `verbose`; did you mean `port`?)",
            "5:11: database-plugin.config.host: wrong type (expected text, found the number 127; did you mean `\"127\"`?)",
            "6:13: database-plugin.config.linger: wrong type (expected a length of time such as `30s` or `1m 30s`, found the number 0.5; did you mean `0.5s`?)",
            "7:31: database-plugin.config.tables[0].rows: out of range (expected a whole number from 0 to 4294967295, found the number -1)",
            "7:37: database-plugin.config.tables[1].name: missing (expected text)",
            "7:39: database-plugin.config.tables[1].row: unknown key (expected one of `name`, `rows`; did you mean `rows`?)",
            "7:49: database-plugin.config.tables[2]: wrong type (expected a section with `name`, `rows`, found the number 7)",
            "8:21: database-plugin.config.engine.kind: unknown word (expected one of `sqlite`, `mysql`, found the text `sqlight`; did you mean `sqlite`?)",
            "9:11: database-plugin.config.mode: unknown word (expected one of `read_only`, `read_write`, found the text `read`; did you mean `read_only`?)",
        ]
    );
    let tagged = lines(&with(
        "database-plugin: { config: { engine: { kind: mysql, threads: x } } }",
    ));
    assert_eq!(tagged.len(), 1, "{tagged:?}");
    assert!(
        tagged[0].contains("engine.threads: wrong type (expected a whole number from 0 to 255"),
        "{tagged:?}"
    );
    let empty = lines(&with("database-plugin: { config: { tables: [] } }"));
    assert!(
        empty[0].contains("(expected a list that is not empty, found a list)"),
        "{empty:?}"
    );
}

#[test]
fn the_type_has_the_last_word() {
    assert_eq!(
        lines(&with("database-plugin:\n  config:\n    even: 3")),
        ["3:11: database-plugin.config.even: the number must be even"]
    );
}

#[test]
fn a_plugin_without_a_config_says_so() {
    assert_eq!(
        lines(&with("logger-plugin:\n  config: { level: debug }")),
        [
            "2:13: logger-plugin.config.level: unknown key (expected no keys: `logger-plugin` takes no config)"
        ]
    );
}

#[test]
fn texts_that_are_no_yaml_have_a_place() {
    let lines = lines(
        &with("hello-plugin:\n  config: {a: 1\n")
            .embedded("twice", "hello-plugin:\n  mailbox: 1\n  mailbox: 2\n"),
    );
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("3:1: "), "{}", lines[0]);
    assert_eq!(
        lines[1],
        "embedded twice:3:3: hello-plugin.mailbox: the key is there twice, first in line 2"
    );
    let list = refused(&with("- a\n- b\n")).to_string();
    assert!(list.contains("a config file holds sections"), "{list}");
    let tag = refused(&with("hello-plugin: !secret x\n")).to_string();
    assert!(tag.starts_with("embedded test:1:"), "{tag}");
    let infinite = refused(&with("plugin_manager: { max_cpu: .inf }\n")).to_string();
    assert!(infinite.contains("expected a finite number"), "{infinite}");
}

#[test]
fn names_that_no_plugin_has() {
    let text = "
helo-plugin: {}
cache-plugin: { mailbox: 5 }
hello-plugin@EU: {}
plugin-manager: {}
";
    assert_eq!(
        lines(
            &base()
                .set(["nobody", "enabled"], true)
                .embedded("test", text)
        ),
        [
            "2:1: helo-plugin: no plugin is named `helo-plugin` (did you mean `hello-plugin`?)",
            "4:1: hello-plugin@EU: `EU` is no label: write words of `a-z` and `0-9` with dashes between them after the `@`, as in `hello-plugin@eu`",
            "5:1: plugin-manager: no plugin is named `plugin-manager` (did you mean `plugin_manager`?)",
            "program: nobody: no plugin is named `nobody`",
        ]
    );
}

#[test]
fn issues_are_values() {
    let error = refused(&with("plugin_manager: { timeout: 5 }"));
    assert_eq!(
        serde_json::to_value(&error).expect("issues serialize"),
        serde_json::json!([{
            "kind": "wrong_type",
            "place": { "from": "embedded", "name": "test", "line": 1, "column": 28 },
            "key": "plugin_manager.timeout",
            "what": "wrong type",
            "expected": "a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`",
            "found": "the number 5",
            "suggestion": "5s",
        }])
    );
}

#[test]
fn numbers_that_no_machine_can_keep_are_refused() {
    let text = "\
plugin_manager: { timeout: 9999999999999999999s, health_interval: 4000d }
logger-plugin: { mailbox: 2305843009213693952 }";
    assert_eq!(
        lines(&with(text)),
        [
            "1:28: plugin_manager.timeout: longer than 3650 days (expected a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`, found the text `9999999999999999999s`)",
            "1:67: plugin_manager.health_interval: longer than 3650 days (expected a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`, found the text `4000d`)",
            "2:27: logger-plugin.mailbox: out of range (expected a whole number from 1 to 1000000000, found the number 2305843009213693952)",
        ]
    );
}

#[test]
fn report_d_a_misspelt_key_is_one_mistake() {
    let text = "hello-plugin: { config: { mesage: hi } }
database-plugin: { config: { password: x, gateway: { url_: 'http://h/' } } }
";
    let sources = Sources::new().embedded("test", text);
    let error = refused(&sources).to_string();
    let told: Vec<_> = error.lines().collect();
    assert_eq!(told.len(), 2, "{error}");
    assert!(told[0].contains("config.mesage: unknown key"), "{error}");
    assert!(told[0].ends_with("did you mean `message`?)"), "{error}");
    assert!(told[1].ends_with("did you mean `url`?)"), "{error}");
}
