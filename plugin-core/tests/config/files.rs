//! The files of the user's design, and files that are not there.

use std::time::Duration;

use plugin_core::config::{IssueKind, ManagerConfig, Origin, Sources, StartPolicy};
use serde_json::json;

use crate::build::{base, loaded, refused};

fn fixture(path: &str) -> String {
    format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"))
}

fn examples() -> Sources {
    base()
        .manager_file(fixture("plugin_manager.yaml"))
        .config_dir(fixture("plugins"))
}

#[test]
fn the_examples_load_as_they_stand() {
    let settings = loaded(&examples());

    let manager = &settings.manager;
    assert_eq!(manager.plugin_dir.to_str(), Some("./plugins"));
    assert_eq!(manager.config_dir.to_str(), Some("./config/plugins"));
    assert_eq!(manager.data_dir.to_str(), Some("./data/plugins"));
    assert_eq!(manager.max_concurrency, 10);
    assert_eq!(manager.timeout.get(), Duration::from_secs(30));
    assert!(manager.enable_sandbox && manager.enable_hot_reload);
    assert_eq!(manager.enable_metrics, Some(true));
    assert_eq!(
        (manager.max_memory, manager.max_cpu),
        (Some(512), Some(0.5))
    );
    assert_eq!(manager.metrics_port, Some(9090));
    assert_eq!(manager.watch_interval.get(), Duration::from_secs(5));

    let hello = &settings.plugins["hello-plugin"];
    assert_eq!(hello.config.dependencies, ["logger-plugin"]);
    assert_eq!(hello.config.resources.memory, Some(64));
    assert_eq!(hello.config.resources.tasks, Some(100));
    let permissions = hello.config.permissions.as_ref().expect("listed");
    assert_eq!(permissions[0].resource, "event_bus");
    assert_eq!(permissions[1].actions, ["write"]);
    let values = json!({
        "message": "欢迎使用我们的服务！",
        "max_notifications": 1000,
        "retry_count": 3,
    });
    assert_eq!(hello.values, values);
}

#[test]
fn what_is_not_in_force_is_said_once_for_each_key() {
    let warnings = loaded(&examples()).warnings;
    let keys: Vec<&str> = warnings
        .iter()
        .map(|warning| warning.key.as_str())
        .collect();
    assert_eq!(
        keys,
        [
            "plugin_manager.enable_sandbox",
            "plugin_manager.plugin_dir",
            "hello-plugin.resources.memory",
        ]
    );
    let sandbox = warnings[0].to_string();
    assert!(
        sandbox.contains(
            "plugin_manager.yaml:10:3: plugin_manager.enable_sandbox: not in force: this"
        ),
        "{sandbox}"
    );
    let memory = warnings[2].to_string();
    assert!(
        memory.ends_with("not measured in this build: build with `--features accounting`"),
        "{memory}"
    );
    assert!(loaded(&base()).warnings.is_empty(), "nobody set a key");
}

/// B25: `LoadConfig` and `SaveConfig` returned nil and did nothing.
#[test]
fn b25_a_file_is_read_or_the_load_fails() {
    assert_eq!(
        loaded(&base()).plugins["hello-plugin"].values["message"],
        "base"
    );
    assert_ne!(
        loaded(&examples()).plugins["hello-plugin"].values["message"],
        "base"
    );

    let error = refused(&base().manager_file(fixture("nowhere.yaml")));
    assert_eq!(error.issues()[0].kind, IssueKind::Unreadable);
    let error = refused(&base().config_dir(fixture("nowhere")));
    assert_eq!(error.issues()[0].key, "plugin_manager.config_dir");
    loaded(&base().optional_manager_file(fixture("nowhere.yaml")));
}

/// B26: `ManagerConfig{}` gave contexts that had expired.
#[test]
fn b26_the_default_manager_has_time() {
    let manager = ManagerConfig::default();
    assert!(manager.timeout.get() >= Duration::from_secs(1));
    assert!(manager.max_concurrency > 0);
    assert_eq!(loaded(&base()).manager, manager);
    let zero = base().embedded("zero", "plugin_manager: { timeout: 0s }");
    assert_eq!(refused(&zero).issues()[0].key, "plugin_manager.timeout");
}

#[test]
fn the_manager_names_the_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    let plugins = dir.path().join("plugins");
    std::fs::create_dir(&plugins).expect("a directory");
    std::fs::write(
        plugins.join("hello.yml"),
        "hello-plugin: { config: { message: hi } }",
    )
    .expect("a file");
    std::fs::write(plugins.join("notes.txt"), "{{{").expect("a file");
    let manager = dir.path().join("manager.yaml");
    std::fs::write(
        &manager,
        "plugin_manager: { config_dir: '${HERE}/plugins' }",
    )
    .expect("a file");

    let here = dir.path().to_string_lossy().into_owned();
    let sources = base()
        .manager_file(&manager)
        .environment([("HERE", here.as_str())]);
    let settings = loaded(&sources);
    assert_eq!(settings.plugins["hello-plugin"].values["message"], "hi");
    let origin = settings.plugins["hello-plugin"].origin("config.message");
    assert!(
        matches!(
            origin,
            Origin::File {
                line: 1,
                column: 36,
                ..
            }
        ),
        "{origin}"
    );

    let sources = base()
        .manager_file(&manager)
        .environment([("HERE", "/nowhere")]);
    let told = refused(&sources).to_string();
    let right = "plugin_manager.config_dir: `/nowhere/plugins`: can't read the directory: No such file or directory (os error 2): create it, or name another";
    assert!(told.ends_with(right), "{told}");
}

#[test]
fn two_files_must_not_configure_one_plugin() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["a.yaml", "b.yaml"] {
        std::fs::write(dir.path().join(name), "hello-plugin: { mailbox: 5 }").expect("a file");
    }
    let error = refused(&base().config_dir(dir.path()));
    assert_eq!(error.issues().len(), 1);
    assert_eq!(error.issues()[0].kind, IssueKind::Duplicate);
    assert!(error.to_string().contains("a.yaml:1:1"), "{error}");
}

#[test]
fn a_broken_file_does_not_hide_the_mistakes_of_another() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(
        dir.path().join("hello-plugin.yaml"),
        "hello-plugin:\n  name: [\n",
    )
    .expect("a file");
    std::fs::write(
        dir.path().join("logger-plugin.yaml"),
        "logger-plugin: { mailbox: 0 }",
    )
    .expect("a file");
    let sources = Sources::new()
        .embedded("base", "database-plugin: { config: { password: x } }")
        .config_dir(dir.path());
    let error = refused(&sources);
    let kinds: Vec<_> = error.issues().iter().map(|issue| issue.kind).collect();
    assert_eq!(kinds, [IssueKind::Syntax, IssueKind::Invalid], "{error}");
}

#[test]
fn an_empty_file_and_an_empty_section_set_nothing() {
    let text = "hello-plugin:\n  config:\n  dependencies:\n  # all commented out\n";
    let sources = base()
        .embedded("empty", "# nothing\n")
        .embedded("hello", text);
    assert_eq!(
        loaded(&sources).plugins["hello-plugin"].values["message"],
        "base"
    );
}

#[test]
fn a_plugin_takes_what_it_does_not_say_from_the_manager() {
    let text = "
plugin_manager:
  timeout: 7s
  start: { policy: retry, attempts: 9 }
hello-plugin:
  start: { attempts: 2 }
";
    let settings = loaded(&base().embedded("test", text));
    let hello = &settings.plugins["hello-plugin"];
    assert_eq!(hello.config.start.policy, StartPolicy::Retry);
    assert_eq!(hello.config.start.attempts, 2);
    assert_eq!(hello.config.timeout.get(), Duration::from_secs(7));
    assert_eq!(hello.origin("timeout").to_string(), "embedded test:3:12");
    assert_eq!(settings.plugins["logger-plugin"].config.start.attempts, 9);
}
