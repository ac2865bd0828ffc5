//! What is different between two configs, and what that asks for.

use plugin_core::config::{
    Difference, Impact, PluginChange, Settings, Sources, TakesEffect, schema,
};
use serde_json::Value;

use crate::build::{BUILD, base, loaded, with};

fn between(old: &str, new: &str) -> Difference {
    loaded(&with(old)).difference(&loaded(&with(new)))
}

/// The impact and the lines of what is different for one plugin.
fn changed(difference: &Difference, plugin: &str) -> (Impact, Vec<String>) {
    match difference.of(plugin) {
        Some(PluginChange::Changed { impact, keys, .. }) => {
            (*impact, keys.iter().map(ToString::to_string).collect())
        }
        other => panic!("`{plugin}` is {other:?}"),
    }
}

fn is_empty(old: &Sources, new: &Sources) {
    let (old, new) = (loaded(old), loaded(new));
    let difference = old.difference(&new);
    assert!(difference.is_empty(), "{difference}");
    assert_eq!(difference.to_string(), "nothing is different");
}

#[test]
fn the_same_value_from_another_layer_is_no_difference() {
    let text = "hello-plugin: { mailbox: 9, config: { message: hi, retry_count: 2 } }";
    let variables = [
        ("APP__HELLO_PLUGIN__CONFIG__MESSAGE", "hi"),
        ("APP__HELLO_PLUGIN__CONFIG__RETRY_COUNT", "2"),
        ("APP__HELLO_PLUGIN__MAILBOX", "9"),
    ];
    is_empty(&with(text), &base().environment(variables));
}

#[test]
fn a_default_that_is_written_is_no_difference() {
    let written = "
        plugin_manager: { max_concurrency: 10, roles: {}, start: {} }
        hello-plugin:
          enabled: true
          mailbox: 1024
          resources: {}
          handlers: {}
          dependencies: []
          restart: { backoff: {} }
          config: { max_notifications: 1000 }
        database-plugin: { config: { port: 3306, host: null, verbose: false } }
        free-plugin: { config: {} }";
    is_empty(&base(), &with(written));
}

#[test]
fn a_key_of_the_plugin_s_own_is_a_change_with_both_values_and_the_place() {
    let new = "hello-plugin: { config: { message: new } }";
    let difference = between("", new);
    let line = r#"hello-plugin.config.message: "base" -> "new" (embedded test:1:36)"#;
    let expected = (Impact::Own, vec![line.to_owned()]);
    assert_eq!(changed(&difference, "hello-plugin"), expected);
    let others = difference.changed().map(|plugin| plugin.plugin.as_str());
    assert_eq!(others.collect::<Vec<_>>(), ["hello-plugin"]);
    let text = format!("hello-plugin: changed, its own config\n  {line}");
    assert_eq!(difference.to_string(), text);
}

#[test]
fn keys_come_and_go() {
    let with_keys = "free-plugin: { config: { a: { b: 1, c: [1] }, d: {} } }";
    let (_, lines) = changed(&between("", with_keys), "free-plugin");
    assert_eq!(
        lines,
        [
            "free-plugin.config.a.b: none -> 1 (embedded test:1:34)",
            "free-plugin.config.a.c: none -> [1] (embedded test:1:40)",
            "free-plugin.config.d: none -> {} (embedded test:1:50)",
        ]
    );
    let (_, lines) = changed(&between(with_keys, ""), "free-plugin");
    assert_eq!(lines[0], "free-plugin.config.a.b: 1 -> none (default)");
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_secret_that_changed_is_a_change_and_does_not_print() {
    let text = |password: &str, token: &str| {
        format!(
            "database-plugin: {{ config: {{ password: {password}, gateway: {{ url: \"http://u:{token}@h/\" }} }} }}"
        )
    };
    let difference = between(&text("hunter1", "hunter2"), &text("hunter3", "hunter4"));
    let (impact, lines) = changed(&difference, "database-plugin");
    assert_eq!(impact, Impact::Own);
    assert_eq!(
        lines,
        [
            "database-plugin.config.gateway.url: another \"http://***@h/\" (embedded test:1:65)",
            "database-plugin.config.password: another \"***\" (embedded test:1:40)",
        ]
    );
    let json = serde_json::to_string(&difference).unwrap();
    for shown in [json, format!("{difference:?} {difference}")] {
        assert!(!shown.contains("hunter"), "{shown}");
    }
}

#[test]
fn plugins_come_and_go() {
    let off = "hello-plugin: { enabled: false }";
    let of = |old, new| between(old, new).of("hello-plugin").cloned();
    assert_eq!(of(off, ""), Some(PluginChange::Added));
    assert_eq!(of("", off), Some(PluginChange::Removed));
    let other = "hello-plugin: { enabled: false, mailbox: 5, config: { message: 4 } }";
    assert_eq!(of(off, other), Some(PluginChange::Unchanged));
    assert_eq!(between("", off).to_string(), "hello-plugin: removed");
}

/// A value under its path, as a key in YAML.
fn nested(path: &str, value: &str) -> String {
    let mut keys = path.rsplit('.');
    let last = format!("{}: {value}", keys.next().expect("one key"));
    keys.fold(last, |inner, key| format!("{key}: {{ {inner} }}"))
}

/// The keys that the schema has in a section and a table has not.
fn missing<'a>(table: impl Iterator<Item = &'a str>, under: &str, keys: &Value) -> Vec<String> {
    let table: Vec<&str> = table.collect();
    let keys = keys["properties"].as_object().expect("a section").keys();
    let paths = keys.map(|key| format!("{under}{key}"));
    let is_missing = |path: &String| {
        let below = format!("{path}.");
        !(table.iter()).any(|listed| listed == path || listed.starts_with(&below))
    };
    paths.filter(is_missing).collect()
}

#[test]
fn each_key_says_what_it_asks_for() {
    let expected = [
        ("name", "free-plugin", Impact::Checks),
        ("version", "^1", Impact::Checks),
        ("dependencies", "[logger-plugin]", Impact::Checks),
        ("conflicts", "[cache-plugin]", Impact::Checks),
        ("resources.memory", "5", Impact::Policy),
        ("resources.cpu", "0.5", Impact::Policy),
        ("resources.file_handles", "5", Impact::Policy),
        ("resources.on_breach", "stop", Impact::Policy),
        ("resources.tasks", "7", Impact::Instance),
        ("resources.goroutines", "7", Impact::Instance),
        ("start.policy", "retry", Impact::Policy),
        ("restart.max_restarts", "7", Impact::Policy),
        ("config.message", "new", Impact::Own),
        ("timeout", "2s", Impact::Instance),
        ("watchdog", "2s", Impact::Instance),
        ("mailbox", "7", Impact::Instance),
        ("replicas", "2", Impact::Instance),
        ("handlers.listen.retry", "7", Impact::Instance),
        ("schedules.tidy.every", "2s", Impact::Instance),
        ("permissions", "[]", Impact::Instance),
        ("roles", "[idle]", Impact::Instance),
        ("services.Database", "database-plugin", Impact::Instance),
    ];
    let role = "plugin_manager: { roles: { idle: { permissions: [] } } }";
    // A plugin with a schedule runs as one instance: the replicas are those of another one.
    for (path, value, impact) in expected {
        let plugin = match path {
            "replicas" => "hello-plugin",
            "services.Database" => "user-service",
            _ => "free-plugin",
        };
        let text = format!("{role}\n{plugin}: {{ {} }}", nested(path, value));
        let difference = between(role, &text);
        assert_eq!(changed(&difference, plugin).0, impact, "{path}");
    }
    let paths = || expected.iter().map(|(path, ..)| *path);
    let schema = schema(&BUILD);
    let section = &schema["properties"]["free-plugin"];
    // What is on or off is no change of a plugin that is on in both, this program starts no
    // processes, and nobody here asks requests.
    let others = ["enabled", "isolation", "requests"];
    assert_eq!(missing(paths(), "", section), others);
    let resources = &section["properties"]["resources"];
    let resources = match resources["$ref"].as_str() {
        Some(name) => &schema["$defs"][name.rsplit('/').next().unwrap()],
        None => resources,
    };
    assert!(missing(paths(), "resources.", resources).is_empty());
}

#[test]
fn of_several_keys_that_counts_which_asks_for_the_most() {
    for (keys, impact) in [
        (
            "config: { message: new }, restart: { max_restarts: 7 }",
            Impact::Own,
        ),
        ("config: { message: new }, mailbox: 7", Impact::Instance),
    ] {
        let difference = between("", &format!("hello-plugin: {{ {keys} }}"));
        assert_eq!(changed(&difference, "hello-plugin").0, impact, "{keys}");
    }
}

#[test]
fn a_key_of_the_manager_that_plugins_inherit_changes_those_that_don_t_say_it() {
    let own = "hello-plugin: { timeout: 30s }";
    let difference = between(own, &format!("plugin_manager: {{ timeout: 7s }}\n{own}"));
    assert_eq!(
        difference.of("hello-plugin"),
        Some(&PluginChange::Unchanged)
    );
    assert_eq!(
        changed(&difference, "user-service"),
        (
            Impact::Instance,
            vec![r#"user-service.timeout: "30s" -> "7s" (embedded test:1:28)"#.to_owned()]
        )
    );
}

const ROLE: &str = "
plugin_manager: { roles: { writer: { permissions: [{ resource: logger, actions: [write] }] } } }
hello-plugin: { roles: [writer] }";

#[test]
fn a_role_changes_the_plugins_that_have_it() {
    let more = ROLE.replace(
        "actions: [write] }",
        "actions: [write] }, { resource: scheduler, actions: [schedule] }",
    );
    let difference = between(ROLE, &more);
    let (impact, lines) = changed(&difference, "hello-plugin");
    assert_eq!(impact, Impact::Instance);
    assert!(
        lines.len() == 1 && lines[0].starts_with("plugin_manager.roles.writer.permissions: ["),
        "{lines:?}"
    );
    assert_eq!(difference.changed().count(), 1);
    assert_eq!(difference.manager[0].takes_effect, TakesEffect::AtOnce);
}

/// Of one name a part is masked, the other one looks like two keys.
#[test]
fn a_role_of_any_name_changes_the_plugins_that_have_it() {
    for (name, shown) in [("a:b@c", "***@c"), ("a.b", "a.b")] {
        let old = ROLE.replace("writer", &format!("'{name}'"));
        let more = "[write] }, { resource: scheduler, actions: [schedule] }";
        let new = old.replace("[write] }", more);
        let (impact, lines) = changed(&between(&old, &new), "hello-plugin");
        assert_eq!(impact, Impact::Instance);
        let line = format!("plugin_manager.roles.{shown}.permissions: [");
        assert!(lines.len() == 1 && lines[0].starts_with(&line), "{lines:?}");
        assert!(lines[0].contains("(embedded test:2:"), "{lines:?}");
    }
}

#[test]
fn a_right_that_moves_from_a_list_to_a_role_changes_no_plugin() {
    let listed = "hello-plugin: { permissions: [{ resource: logger, actions: [write] }] }";
    let difference = between(listed, ROLE);
    assert_eq!(difference.changed().count(), 0, "{difference}");
    let twice = "hello-plugin: { permissions: [{ resource: logger, actions: [write] }, { resource: logger, actions: ['*'] }] }";
    assert!(between(listed, twice).is_empty());
}

#[test]
fn each_key_of_the_manager_says_when_it_takes_effect() {
    use TakesEffect::{AtOnce, NextStart, NotInForce};
    let expected = [
        ("audit.max_files", "2", NextStart),
        ("config_dir", "src", AtOnce),
        ("config_generations", "3", AtOnce),
        ("data_dir", "./other", NextStart),
        ("dead_letters.capacity", "7", NextStart),
        ("drain_timeout", "1s", AtOnce),
        ("enable_hot_reload", "true", AtOnce),
        ("enable_metrics", "true", AtOnce),
        ("enable_sandbox", "true", AtOnce),
        ("health_interval", "1s", AtOnce),
        ("isolation", "process", AtOnce),
        ("max_concurrency", "2", NextStart),
        ("max_cpu", "0.5", AtOnce),
        ("max_event_depth", "3", NextStart),
        ("max_memory", "5", AtOnce),
        ("metrics_port", "9", AtOnce),
        ("on_breach", "stop", AtOnce),
        ("on_failed_reload", "rollback", AtOnce),
        ("plugin_dir", "./other", NotInForce),
        ("restart.max_restarts", "7", AtOnce),
        ("roles.idle.permissions", "[]", AtOnce),
        ("start.policy", "retry", AtOnce),
        ("timeout", "1s", AtOnce),
        ("watch_interval", "1s", AtOnce),
    ];
    let lines = expected.map(|(path, value, _)| format!("  {}\n", nested(path, value)));
    let difference = between("", &format!("plugin_manager:\n{}", lines.concat()));
    let effects: Vec<_> = (difference.manager.iter())
        .map(|key| (key.changed.key.as_str(), key.takes_effect))
        .collect();
    let named = expected.map(|(path, _, effect)| (format!("plugin_manager.{path}"), effect));
    let named: Vec<_> = named
        .iter()
        .map(|(path, it)| (path.as_str(), *it))
        .collect();
    assert_eq!(effects, named);
    let paths = expected.iter().map(|(path, ..)| *path);
    let section = &schema(&BUILD)["properties"]["plugin_manager"];
    assert!(missing(paths, "", section).is_empty());
    let text = difference.to_string();
    let line = "\n  plugin_manager.data_dir: \"./data/plugins\" -> \"./other\" (embedded test:5:13), with the next start\n";
    assert!(
        text.starts_with("plugin_manager: changed\n") && text.contains(line),
        "{text}"
    );
}

#[test]
fn programs_read_it_too() {
    let difference = between(
        "free-plugin: { enabled: false }",
        "plugin_manager: { max_concurrency: 2 }\nhello-plugin: { config: { message: new } }",
    );
    let json = serde_json::to_value(&difference).unwrap();
    assert_eq!(json["manager"][0]["key"], "plugin_manager.max_concurrency");
    assert_eq!(json["manager"][0]["takes_effect"], "next_start");
    let of = |name: &str| {
        let plugins = json["plugins"].as_array().unwrap().iter();
        plugins
            .clone()
            .find(|it| it["plugin"] == name)
            .cloned()
            .unwrap()
    };
    assert_eq!(
        of("free-plugin"),
        serde_json::json!({ "plugin": "free-plugin", "change": "added" })
    );
    let hello = of("hello-plugin");
    assert_eq!(hello["change"], "changed");
    assert_eq!(hello["impact"], "own");
    assert_eq!(hello["keys"][0]["old"], "base");
    assert_eq!(hello["keys"][0]["new"], "new");
    assert_eq!(hello["keys"][0]["origin"]["from"], "embedded");
}

#[test]
fn a_difference_with_itself_is_none() {
    let settings: Settings = loaded(&with(ROLE));
    assert!(settings.difference(&settings.clone()).is_empty());
}
