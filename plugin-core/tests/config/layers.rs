//! Layers: the later one wins, key by key. And texts that nobody would write.

use plugin_core::config::{Period, Sources, load};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::build::{BUILD, base, loaded, refused, with};

/// The rule, written the short way.
fn lay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z ]{0,5}".prop_map(Value::from),
        prop::collection::vec(0..9_u8, 0..3).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| section(inner).prop_map(Value::Object))
}

fn section(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[abc]", inner, 0..3).prop_map(|map| map.into_iter().collect())
}

fn layer() -> impl Strategy<Value = Value> {
    section(value()).prop_map(Value::Object)
}

/// Paths of everything that is not a section with keys.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value.as_object().filter(|map| !map.is_empty()) {
        Some(map) => map
            .iter()
            .for_each(|(key, value)| leaves(value, &format!("{path}.{key}"), found)),
        None => found.push(path.to_owned()),
    }
}

proptest! {
    #[test]
    fn later_layers_win_key_by_key(
        embedded in prop::collection::vec(layer(), 0..3),
        program in prop::collection::vec(layer(), 0..3),
    ) {
        let mut expected = json!({});
        let mut sources = base();
        for (at, layer) in embedded.iter().enumerate() {
            let text = json!({ "free-plugin": { "config": layer } }).to_string();
            sources = sources.embedded(at.to_string(), text);
            lay(&mut expected, layer.clone());
        }
        for layer in &program {
            sources = sources.plugin_config("free-plugin", layer.clone());
            lay(&mut expected, layer.clone());
        }
        let settings = loaded(&sources);
        let free = &settings.plugins["free-plugin"];
        prop_assert_eq!(&free.values, &expected);

        let mut set = Vec::new();
        program.iter().for_each(|layer| leaves(layer, "config", &mut set));
        let mut all = Vec::new();
        leaves(&expected, "config", &mut all);
        for leaf in all.iter().filter(|leaf| set.contains(leaf)) {
            prop_assert_eq!(free.origin(leaf).to_string(), "program", "{}", leaf);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[-a-c:{}\\[\\]&*!|>'\"#%@, \n\t?.0$]{0,60}") {
        drop(load(&base().embedded("noise", text.clone()), &BUILD));
        drop(load(&base().embedded("noise", format!("hello-plugin:\n  config: {text}")), &BUILD));
        let set = [("APP__FREE_PLUGIN__CONFIG__A", text)];
        drop(load(&base().environment(set), &BUILD));
    }

    #[test]
    fn a_length_of_time_reads_as_it_prints(nanos in 0..=3650 * 86_400 * 1_000_000_000_u64) {
        let period = Period::new(std::time::Duration::from_nanos(nanos));
        prop_assert_eq!(period.to_string().parse(), Ok(period));
    }
}

#[test]
fn environment_lies_over_files_and_the_program_over_all() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = "hello-plugin: { config: { message: file, max_notifications: 2, retry_count: 2 } }";
    std::fs::write(dir.path().join("hello.yaml"), text).expect("a file");
    let sources = Sources::new()
        .plugin_config("hello-plugin", json!({ "retry_count": 4 }))
        .environment([
            ("APP__HELLO_PLUGIN__CONFIG__MAX_NOTIFICATIONS", "3"),
            ("APP__HELLO_PLUGIN__CONFIG__RETRY_COUNT", "3"),
        ])
        .config_dir(dir.path())
        .embedded("base", "database-plugin: { config: { password: x } }")
        .embedded(
            "hello",
            "hello-plugin: { mailbox: 7, config: { message: embedded } }",
        );
    let settings = loaded(&sources);
    let hello = &settings.plugins["hello-plugin"];
    assert_eq!(
        hello.values,
        json!({ "message": "file", "max_notifications": 3, "retry_count": 4 })
    );
    assert_eq!(hello.config.mailbox, 7);
}

#[test]
fn what_a_later_layer_replaced_does_not_come_back() {
    let sources = base()
        .embedded("a", "free-plugin: { config: { a: { a: false } } }")
        .plugin_config("free-plugin", json!({ "a": false }))
        .plugin_config("free-plugin", json!({ "a": {} }));
    let free = &loaded(&sources).plugins["free-plugin"];
    assert_eq!(free.values, json!({ "a": {} }));
}

#[test]
fn a_key_without_a_value_goes_back_to_the_default() {
    let text = "plugin_manager: { max_concurrency: 3, metrics_port: 1 }";
    let sources = base()
        .embedded("a", text)
        .embedded("b", "plugin_manager: { max_concurrency: }");
    let manager = loaded(&sources).manager;
    assert_eq!(
        (manager.max_concurrency, manager.metrics_port),
        (10, Some(1))
    );
}

#[test]
fn periods_are_read_or_refused() {
    let millis = |text: &str| {
        text.parse::<Period>()
            .map(|period| period.get().as_millis())
    };
    for (text, expected) in [
        ("30s", 30_000),
        ("1m 30s", 90_000),
        ("1.5h", 5_400_000),
        (" 250 ms ", 250),
        ("0s", 0),
    ] {
        assert_eq!(millis(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "30",
        "s",
        "-1s",
        "1 fortnight",
        "1..5s",
        "1s,2s",
        "99999999999999999999d",
        "18446744073709551615d",
    ] {
        assert!(millis(text).is_err(), "{text}");
    }
}

#[test]
fn the_overrides_say_nothing_but_what_is_enabled_and_set() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("overrides.yaml");
    let sources = base().data_dir(data.path());
    std::fs::write(&path, "free-plugin:\n  enabled: false\n").unwrap();
    let off = loaded(&sources.clone().set(["free-plugin", "enabled"], true));
    assert!(!off.plugins["free-plugin"].config.enabled);
    let text = "
plugin_manager: { max_concurrency: 2 }
free-plugin: { enabeld: false, config: { a: 1 } }";
    std::fs::write(&path, text).unwrap();
    let error = refused(&sources).to_string();
    let what = "this file says of plugins whether they are `enabled`, and what `config set` has set: write it in a config file, and take it out here";
    let path = path.display();
    let expected = [
        format!("{path}:2:1: plugin_manager: {what}"),
        format!("{path}:3:16: free-plugin.enabeld: {what} (did you mean `enabled`?)"),
        format!("{path}:3:32: free-plugin.config: {what}"),
    ];
    assert_eq!(error, expected.join("\n"));
}

#[test]
fn metrics_are_served_when_a_port_is_given_unless_somebody_turns_them_off() {
    for (text, port) in [
        ("{}", None),
        ("{ metrics_port: 0 }", Some(0)),
        ("{ metrics_port: 7 }", Some(7)),
        ("{ enable_metrics: true }", Some(9090)),
        ("{ enable_metrics: true, metrics_port: 7 }", Some(7)),
        ("{ enable_metrics: false, metrics_port: 7 }", None),
    ] {
        let settings = loaded(&with(&format!("plugin_manager: {text}")));
        assert_eq!(settings.manager.served_metrics_port(), port, "{text}");
        assert_eq!(settings.warnings, [], "{text}");
    }
}
