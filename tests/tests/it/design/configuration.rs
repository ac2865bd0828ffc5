//! The fields of the design's config structs: each is a key, typed, known to the schema, and in
//! force or warned of.

use std::time::Duration;

use plugin_core::Plugin;
use plugin_core::config::{Origin, schema};
use plugin_hello::Hello;
use plugin_logger::Logger;
use serde_json::{Value, json};

use super::examples;
use crate::rig::Rig;

const MANAGER: [&str; 12] = [
    "plugin_dir",
    "config_dir",
    "data_dir",
    "max_concurrency",
    "timeout",
    "enable_sandbox",
    "max_memory",
    "max_cpu",
    "enable_metrics",
    "metrics_port",
    "enable_hot_reload",
    "watch_interval",
];

const PLUGIN: [&str; 8] = [
    "name",
    "version",
    "enabled",
    "dependencies",
    "conflicts",
    "resources",
    "permissions",
    "config",
];

fn rig() -> Rig {
    Rig::from_sources(&[Hello::DESCRIPTOR, Logger::DESCRIPTOR], examples())
}

#[test]
fn the_schema_knows_every_field() {
    let schema = schema(rig().composition());
    let section = |name: &str| properties(&schema, &schema["properties"][name]);
    for key in MANAGER {
        assert!(section("plugin_manager")[key].is_object(), "{key}");
    }
    for key in PLUGIN {
        assert!(section("hello-plugin")[key].is_object(), "{key}");
    }
    let config = section("hello-plugin")["config"].clone();
    for key in ["message", "max_notifications", "retry_count"] {
        assert!(properties(&schema, &config)[key].is_object(), "{key}");
    }
}

/// The keys of a section, wherever the schema keeps them.
fn properties<'s>(schema: &'s Value, section: &'s Value) -> &'s Value {
    match section["$ref"].as_str() {
        Some(path) => &schema.pointer(&path[1..]).unwrap()["properties"],
        None => &section["properties"],
    }
}

#[test]
fn the_files_become_typed_values() {
    let configured = rig().configure().unwrap();
    let settings = configured.settings();
    let manager = &settings.manager;
    assert_eq!(
        (manager.max_concurrency, manager.timeout.get()),
        (10, Duration::from_secs(30))
    );
    assert_eq!(
        (manager.max_memory, manager.max_cpu),
        (Some(512), Some(0.5))
    );
    let hello = &settings.plugins["hello-plugin"];
    let resources = &hello.config.resources;
    assert_eq!(
        (resources.memory, resources.cpu, resources.file_handles),
        (Some(64), Some(0.1), Some(50))
    );
    assert_eq!(resources.tasks, Some(100), "`goroutines` means tasks");
    let permissions = hello.config.permissions.as_ref().unwrap();
    assert_eq!(permissions[0].actions, ["publish", "subscribe"]);
    assert_eq!(hello.values["retry_count"], json!(3));
    assert!(matches!(
        hello.origin("config.message"),
        Origin::File { .. }
    ));
}

#[test]
fn a_limit_that_does_not_hold_is_not_silent() {
    let configured = rig().configure().unwrap();
    let warned: Vec<_> = configured
        .warnings()
        .iter()
        .map(|warning| warning.key.as_str())
        .collect();
    for key in [
        "plugin_manager.enable_sandbox",
        "hello-plugin.resources.memory",
    ] {
        assert!(warned.contains(&key), "{key}: {warned:?}");
    }
    for key in [
        "plugin_manager.max_memory",
        "plugin_manager.max_cpu",
        "hello-plugin.resources.tasks",
        "hello-plugin.resources.cpu",
        "hello-plugin.resources.file_handles",
    ] {
        assert!(!warned.contains(&key), "{key}: {warned:?}");
    }
}

/// `resources.goroutines` is in force.
#[tokio::test(start_paused = true)]
async fn the_limit_of_tasks_holds() {
    use plugin_core::prelude::*;

    struct Greedy;

    #[plugin(name = "design-greedy")]
    impl Greedy {
        #[init]
        fn init() -> Self {
            Self
        }

        #[start]
        fn start(&self, tasks: Tasks) -> Result<()> {
            for _ in 0..4 {
                tasks.spawn("idle", std::future::pending::<()>())?;
            }
            Ok(())
        }
    }

    let resources = json!({"goroutines": 3});
    let rig = Rig::new(&[Greedy::DESCRIPTOR]).set("design-greedy", "resources", resources);
    let error = rig.configure().unwrap().start().await.unwrap_err();
    assert!(error.to_string().contains("`resources.tasks`"), "{error}");
}
