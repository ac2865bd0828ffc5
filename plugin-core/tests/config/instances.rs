//! Labelled instances in config: `hello-plugin@eu`.

use plugin_core::config::{Difference, Impact, PluginChange, Sources, files, load, schema};

use crate::build::{BUILD, base, lines, loaded, refused, with};

const EU: &str = "hello-plugin@eu: { config: { message: moin } }";

/// An environment variable over a config with a labelled instance.
fn variable(name: &str, value: &str) -> Sources {
    with(EU).environment([(name, value)])
}

#[test]
fn a_labelled_section_is_an_instance_of_its_own_and_takes_nothing_from_the_other() {
    let text = "
hello-plugin: { mailbox: 5, timeout: 7s, config: { max_notifications: 9 } }
hello-plugin@eu: { replicas: 2, config: { message: moin } }";
    let settings = loaded(&with(text));
    let eu = &settings.plugins["hello-plugin@eu"];
    assert_eq!(eu.name(), "hello-plugin@eu");
    assert_eq!(eu.values, serde_json::json!({"message": "moin"}));
    assert_eq!((eu.config.mailbox, eu.config.replicas), (1024, 2));
    assert_eq!(eu.config.timeout.to_string(), "30s");
    let unnamed = &settings.plugins["hello-plugin"];
    assert_eq!(unnamed.values["message"], "base");
    assert_eq!(unnamed.config.replicas, 1);
}

/// What no source says is missing, also if the section without a label says it.
#[test]
fn a_labelled_section_without_a_key_that_has_no_default_is_refused() {
    assert_eq!(
        lines(&with("hello-plugin@eu: {}")),
        ["1:1: hello-plugin@eu.config.message: missing (expected text)"]
    );
    loaded(&with("hello-plugin@eu: { enabled: false }"));
}

#[test]
fn labelled_sections_have_the_keys_of_the_managers_section() {
    let text = format!("plugin_manager: {{ timeout: 9s, restart: {{ max_restarts: 8 }} }}\n{EU}");
    let eu = loaded(&with(&text)).plugins["hello-plugin@eu"]
        .config
        .clone();
    assert_eq!(
        (eu.timeout.to_string().as_str(), eu.restart.max_restarts),
        ("9s", 8)
    );
}

#[test]
fn a_plugin_runs_if_any_instance_of_it_is_enabled() {
    let text = format!("hello-plugin: {{ enabled: false }}\n{EU}");
    let enabled = |text: &str| {
        let settings = loaded(&with(text));
        settings
            .enabled()
            .any(|plugin| plugin.name == "hello-plugin")
    };
    assert!(enabled(&text));
    assert!(!enabled(
        "hello-plugin: { enabled: false }\nhello-plugin@eu: { enabled: false }"
    ));
}

#[test]
fn names_that_no_instance_can_have() {
    let text = "
hello-plugin@: {}
hello-plugin@@eu: {}
hello-plugin@e_u: {}
hello-plugin@-: {}
helo-plugin@eu: {}
nobody@eu: {}
plugin_manager@eu: {}
hello-plugin#1: {}
hello-plugin@eu#1: {}
logger-plugin@eu: {}
'@eu': {}
";
    assert_eq!(
        lines(&with(text)),
        [
            "2:1: hello-plugin@: the label after the `@` is missing: write one, as in `hello-plugin@eu`, or `hello-plugin` alone",
            "3:1: hello-plugin@@eu: `@eu` is no label: write words of `a-z` and `0-9` with dashes between them after the `@`, as in `hello-plugin@eu`",
            "4:1: hello-plugin@e_u: `e_u` is no label: write words of `a-z` and `0-9` with dashes between them after the `@`, as in `hello-plugin@eu`",
            "5:1: hello-plugin@-: `-` is no label: write words of `a-z` and `0-9` with dashes between them after the `@`, as in `hello-plugin@eu`",
            "6:1: helo-plugin@eu: no plugin is named `helo-plugin` (did you mean `hello-plugin@eu`?)",
            "7:1: nobody@eu: no plugin is named `nobody`",
            "8:1: plugin_manager@eu: the manager has no instances: configure `plugin_manager` itself",
            "9:1: hello-plugin#1: the replicas of an instance share one config: configure `hello-plugin` itself",
            "10:1: hello-plugin@eu#1: the replicas of an instance share one config: configure `hello-plugin@eu` itself",
            "11:1: logger-plugin@eu: `logger-plugin` runs as one instance: the log is of the process: configure `logger-plugin` itself",
            "12:1: @eu: the name of the plugin before the `@` is missing: write it, as in `hello-plugin@eu`",
        ]
    );
}

#[test]
fn a_labelled_section_of_a_plugin_that_another_build_has_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("a.yaml"),
        "cache-plugin@eu: { config: { a: 1 } }",
    )
    .unwrap();
    let settings = loaded(&base().config_dir(dir.path()));
    assert!(
        settings.warnings[0]
            .to_string()
            .contains("build with `--features cache`")
    );
}

#[test]
fn a_plugin_that_runs_as_one_instance_has_no_replicas() {
    assert_eq!(
        lines(&with("logger-plugin: { replicas: 2 }")),
        [
            "1:28: logger-plugin.replicas: `logger-plugin` runs as one instance: the log is of the process"
        ]
    );
}

#[test]
fn mistakes_in_a_labelled_section_name_it() {
    let text = "
hello-plugin@eu:
  mailbox: 0
  enabeld: true
  permissions: [{ resource: event_buss, actions: [publish] }]
  roles: [nobody]
  config: { mesage: x }
";
    let keys = refused(&with(text));
    let keys: Vec<_> = keys
        .issues()
        .iter()
        .map(|issue| issue.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "hello-plugin@eu.mailbox",
            "hello-plugin@eu.enabeld",
            "hello-plugin@eu.permissions[0].resource",
            "hello-plugin@eu.roles[0]",
            "hello-plugin@eu.config.mesage",
        ]
    );
}

#[test]
fn a_third_underscore_before_a_label_names_its_section_in_a_variable() {
    let set = variable("APP__HELLO_PLUGIN___EU__CONFIG__MESSAGE", "servus");
    let settings = loaded(&set);
    assert_eq!(
        settings.plugins["hello-plugin@eu"].values["message"],
        "servus"
    );
    assert_eq!(settings.plugins["hello-plugin"].values["message"], "base");
    let origin = settings.plugins["hello-plugin@eu"].origin("config.message");
    assert_eq!(
        origin.to_string(),
        "APP__HELLO_PLUGIN___EU__CONFIG__MESSAGE"
    );

    let west = with("hello-plugin@eu-west-1: { config: { message: moin } }");
    let set = west.environment([("app__hello_plugin___eu_west_1__mailbox", "7")]);
    let settings = loaded(&set);
    assert_eq!(settings.plugins["hello-plugin@eu-west-1"].config.mailbox, 7);
}

#[test]
fn a_variable_that_names_no_instance_is_refused() {
    for (name, line) in [
        (
            "APP__HELLO_PLUGIN___UE__MAILBOX",
            "APP__HELLO_PLUGIN___UE__MAILBOX: hello-plugin@ue: a variable changes an instance and brings in none, and no config has the section `hello-plugin@ue`: write it, if only as `hello-plugin@ue: {}` (did you mean `hello-plugin@eu`?)",
        ),
        (
            "APP__HELLO_PLUGIN___EU__MAILBX",
            "APP__HELLO_PLUGIN___EU__MAILBX: hello-plugin@eu.mailbx: sets a key that does not exist",
        ),
        (
            "APP__HELLO_PLUGIN___EU",
            "APP__HELLO_PLUGIN___EU: hello-plugin@eu: names a whole section, not a key in it",
        ),
        (
            "APP__HELLO_PLUGIN@EU__MAILBOX",
            "did you mean `APP__HELLO_PLUGIN___EU`?",
        ),
        (
            "APP__PLUGIN_MANAGER___EU__TIMEOUT",
            "sets a key that does not exist",
        ),
    ] {
        let lines = lines(&variable(name, "5"));
        assert!(
            lines.len() == 1 && lines[0].contains(line),
            "{name}: {lines:?}"
        );
    }
    let meant = lines(&variable("APP__HELLO_PLUGIN___EU__MAILBX", "5"));
    assert!(
        meant[0].ends_with("did you mean `APP__HELLO_PLUGIN___EU__MAILBOX`?)"),
        "{meant:?}"
    );
    let by_hand = base().set(
        ["hello-plugin@eu", "config"],
        serde_json::json!({"message": "x"}),
    );
    loaded(&by_hand.environment([("APP__HELLO_PLUGIN___EU__MAILBOX", "5")]));
}

#[test]
fn variables_in_values_and_secrets_are_those_of_any_section() {
    let text = "database-plugin@reports: { config: { password: '${WORD}' } }";
    let settings = loaded(&with(text).environment([("WORD", "hunter2")]));
    let reports = &settings.plugins["database-plugin@reports"];
    assert_eq!(reports.values["password"], "hunter2");
    let shown = format!(
        "{reports:?} {:?}",
        settings.explain("database-plugin@reports")
    );
    assert!(
        !shown.contains("hunter2") && shown.contains("***"),
        "{shown}"
    );
    let explained = settings.explain("database-plugin@reports").unwrap();
    let password =
        (explained.iter()).find(|one| one.key == "database-plugin@reports.config.password");
    assert_eq!(password.unwrap().value, "***");
}

#[test]
fn two_files_do_not_configure_one_instance() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.yaml"] {
        std::fs::write(dir.path().join(name), EU).unwrap();
    }
    let error = refused(&base().config_dir(dir.path())).to_string();
    assert!(
        error.contains("two files configure `hello-plugin@eu`"),
        "{error}"
    );
}

#[test]
fn what_is_turned_on_or_off_changes_an_instance_and_brings_in_none() {
    let dir = tempfile::tempdir().unwrap();
    let noted = "hello-plugin@eu: { enabled: false }\nhello-plugin@us: { enabled: true }\n";
    std::fs::write(dir.path().join("overrides.yaml"), noted).unwrap();
    let settings = loaded(&with(EU).data_dir(dir.path()));
    assert!(!settings.plugins["hello-plugin@eu"].config.enabled);
    assert!(!settings.plugins.contains_key("hello-plugin@us"));
    let warning = settings.warnings[0].to_string();
    assert!(
        warning.ends_with("no config names the instance `hello-plugin@us` any more: take it out"),
        "{warning}"
    );
}

/// `hello-plugin` requires `logger-plugin`, whichever instance that is; here there is one.
#[test]
fn dependencies_and_conflicts_name_instances() {
    let text = format!("{EU}\nfree-plugin: {{ KEY: [NAME] }}");
    let said = |key: &str, name: &str| with(&text.replace("KEY", key).replace("NAME", name));
    loaded(&said("dependencies", "hello-plugin@eu"));
    loaded(&said("conflicts", "hello-plugin@us"));
    assert_eq!(
        lines(&said("dependencies", "hello-plugin@us")),
        [
            "2:31: free-plugin.dependencies[0]: `hello-plugin@us` is not enabled, and `free-plugin` depends on it"
        ]
    );
    for name in ["hello-plugin", "hello-plugin@eu"] {
        let off = said("conflicts", name).set(["hello-plugin", "enabled"], false);
        assert_eq!(
            lines(&off),
            [
                "2:28: free-plugin.conflicts[0]: `hello-plugin@eu` is enabled, and `free-plugin` must not run with it"
            ]
        );
    }
}

fn difference(old: &str, new: &str) -> Difference {
    loaded(&with(old)).difference(&loaded(&with(new)))
}

#[test]
fn an_instance_is_added_changed_and_removed_by_itself() {
    let other = EU.replace("moin", "servus");
    let change = |old: &str, new: &str| {
        let difference = difference(old, new);
        assert_eq!(
            difference.of("hello-plugin"),
            Some(&PluginChange::Unchanged)
        );
        difference.of("hello-plugin@eu").cloned()
    };
    assert_eq!(change("", EU), Some(PluginChange::Added));
    assert_eq!(change(EU, ""), Some(PluginChange::Removed));
    assert_eq!(change(EU, EU), Some(PluginChange::Unchanged));
    match change(EU, &other) {
        Some(PluginChange::Changed { impact, keys, .. }) => {
            assert_eq!(impact, Impact::Own);
            assert_eq!(keys[0].key, "hello-plugin@eu.config.message");
        }
        change => panic!("{change:?}"),
    }
}

#[test]
fn the_schema_allows_labelled_sections_of_plugins_that_run_as_several() {
    let schema = schema(&BUILD);
    let patterns = schema["patternProperties"].as_object().unwrap();
    let hello = &patterns["^hello-plugin@[a-z0-9]+(-[a-z0-9]+)*$"];
    assert_eq!(hello["$ref"], "#/properties/hello-plugin");
    assert!(
        !patterns
            .keys()
            .any(|pattern| pattern.contains("logger-plugin"))
    );
    let users = &schema["properties"]["user-service"]["properties"]["services"];
    assert_eq!(users["properties"]["Database"]["type"], "string");
}

/// Whoever only asks where the files are gets no error from a name.
#[test]
fn files_are_found_whatever_the_names_in_them() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.yaml"), "hello-plugin@@: {}").unwrap();
    let sources = base().config_dir(dir.path());
    assert_eq!(files(&sources, &BUILD).paths().count(), 1);
    assert!(load(&sources, &BUILD).is_err());
}
