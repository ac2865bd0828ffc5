//! The config against the build.

use plugin_core::config::Sources;

use crate::build::{base, lines, loaded, with};

#[test]
fn a_left_out_plugin_is_named_with_its_feature() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("cache-plugin.yaml");
    std::fs::write(&file, "cache-plugin: { config: { size: 1 } }").expect("a file");
    let settings = loaded(&base().config_dir(dir.path()));
    let warning = settings.warnings[0].to_string();
    assert!(
        warning.ends_with("cache-plugin.yaml:1:1: cache-plugin: `cache-plugin` is known but not in this binary: build with `--features cache`"),
        "{warning}"
    );

    std::fs::write(
        &file,
        "cache-plugin: { enabled: false, config: { size: 1 } }",
    )
    .expect("a file");
    let off = loaded(&base().config_dir(dir.path()));
    let embedded = loaded(&with("cache-plugin: { config: { size: 1 } }"));
    assert!(off.warnings.is_empty() && embedded.warnings.is_empty());
}

#[test]
fn the_linked_version_must_be_the_wanted_one() {
    let want = |version: &str| with(&format!("database-plugin:\n  version: '{version}'"));
    loaded(&want("2"));
    loaded(&want(">=2.1, <3"));
    assert_eq!(
        lines(&want("1.0.0")),
        [
            "2:12: database-plugin.version: this binary holds version 2.1.0 of `database-plugin`, which `^1.0.0` does not allow"
        ]
    );
}

#[test]
fn dependencies_are_in_the_build_enabled_and_earlier() {
    let text = "
logger-plugin: { dependencies: [user-service] }
user-service: { dependencies: [free-plugn, cache-plugin, user-service] }
hello-plugin: { dependencies: [free-plugin, logger-plugin] }
free-plugin: { enabled: false }
";
    assert_eq!(
        lines(&with(text)),
        [
            "2:33: logger-plugin.dependencies[0]: `user-service` starts after `logger-plugin`: add `after(\"user-service\")` to the `#[plugin]` of `logger-plugin`",
            "3:32: user-service.dependencies[0]: no plugin is named `free-plugn` (did you mean `free-plugin`?)",
            "3:44: user-service.dependencies[1]: `cache-plugin` is known but not in this binary: build with `--features cache`",
            "3:58: user-service.dependencies[2]: a plugin can't depend on itself",
            "4:32: hello-plugin.dependencies[0]: `free-plugin` is not enabled, and `hello-plugin` depends on it",
        ]
    );
}

#[test]
fn a_plugin_that_others_need_can_not_be_switched_off() {
    assert_eq!(
        lines(&with(
            "logger-plugin: { enabled: false }\ndatabase-plugin: { enabled: false }"
        )),
        [
            "1:27: logger-plugin.enabled: `logger-plugin` is not enabled, but is needed by `hello-plugin` (which requires it, ^1)",
            "2:29: database-plugin.enabled: `database-plugin` is not enabled, but is needed by `user-service` (for its service `Database`)",
        ]
    );
    let text = "database-plugin: { enabled: false }\nuser-service: { enabled: false }";
    let settings = loaded(&with(text));
    let enabled: Vec<&str> = settings.enabled().map(|plugin| plugin.name).collect();
    assert_eq!(enabled, ["logger-plugin", "hello-plugin", "free-plugin"]);
}

#[test]
fn a_switched_off_plugin_needs_no_config() {
    loaded(&Sources::new().embedded(
        "test",
        "database-plugin: { enabled: false }\nuser-service: { enabled: false }\nhello-plugin: { enabled: false }",
    ));
}

#[test]
fn plugins_that_conflict_are_not_both_enabled() {
    let text = "hello-plugin: { conflicts: [cache-plugin, free-plugin] }\n";
    assert_eq!(
        lines(&with(text)),
        [
            "1:43: hello-plugin.conflicts[1]: `free-plugin` is enabled, and `hello-plugin` must not run with it"
        ]
    );
    loaded(&with(&format!("{text}free-plugin: {{ enabled: false }}")));
}

#[test]
fn roles_and_permissions_make_sense() {
    let text = "
plugin_manager:
  roles:
    greeter: { permissions: [{ resource: event_bus, actions: [publsh] }] }
hello-plugin:
  roles: [greter]
  permissions: [{ resource: 'logger:x', actions: [] }]
";
    let lines = lines(&with(text));
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(
        lines[0].starts_with("4:63: plugin_manager.roles.greeter.permissions[0].actions[0]: "),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("6:11: hello-plugin.roles[0]: no role is named `greter`"),
        "{lines:?}"
    );
    assert!(lines[1].ends_with("(did you mean `greeter`?)"), "{lines:?}");
    assert!(
        lines[2].starts_with("7:29: hello-plugin.permissions[0].resource: "),
        "{lines:?}"
    );
    assert!(
        lines[3].starts_with("7:50: hello-plugin.permissions[0].actions: "),
        "{lines:?}"
    );
}

#[test]
fn no_permissions_is_not_the_same_as_none() {
    let settings = loaded(&with("hello-plugin: { permissions: [] }"));
    assert_eq!(
        settings.plugins["hello-plugin"].config.permissions,
        Some(vec![])
    );
    assert_eq!(settings.plugins["logger-plugin"].config.permissions, None);
}
