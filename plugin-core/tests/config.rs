//! Config as an operator meets it: files, variables, mistakes.

use plugin_core::config::ConfigNeed;
use plugin_core::config::{
    ConfigError, IssueKind, Origin, Secret, Settings, Sources, load, schema,
};
use plugin_core::{
    Arity, CatalogueEntry, Composition, Descriptor, Hooks, Need, PluginRef, Requirement,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HOOKS: Hooks =
    Hooks::new(|_| Ok(Box::pin(async { Ok(std::sync::Arc::new(()) as PluginRef) })));

/// What the example file of `hello-plugin` sets.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hello {
    message: String,
    #[serde(default = "many")]
    #[schemars(range(min = 1, max = 100_000))]
    max_notifications: u32,
    #[serde(default)]
    retry_count: u8,
    #[serde(default)]
    token: Option<Secret>,
}

fn many() -> u32 {
    10
}

const LOGGER: Descriptor = Descriptor::new("logger-plugin", "1.2.0", HOOKS);
const HELLO: Descriptor = Descriptor::new("hello-plugin", "1.2.0", HOOKS)
    .needs(&[Need::Config(ConfigNeed::of::<Hello>())]);

static COMPOSITION: Composition = Composition::proven(
    &[&LOGGER, &HELLO],
    &[0, 1],
    &[CatalogueEntry {
        feature: "cache",
        plugin: "cache-plugin",
        provides: &[],
        enabled: false,
    }],
);

#[test]
fn smoke() {
    let sources = Sources::new()
        .manager_file("tests/fixtures/plugin_manager.yaml")
        .config_dir("tests/fixtures/plugins");
    let settings = load(&sources, &COMPOSITION).unwrap();
    println!("{settings:#?}");
    for line in settings.explain("hello-plugin").unwrap() {
        println!("{} = {} ({})", line.key, line.value, line.origin);
    }
    for line in settings.explain("plugin_manager").unwrap() {
        println!("{} = {} ({})", line.key, line.value, line.origin);
    }
    println!(
        "{}",
        serde_json::to_string_pretty(&schema(&COMPOSITION)).unwrap()
    );
    let bad = "
plugin_manager:
  max_concurency: 3
  timeout: 30
  watch_interval: 0s
  max_cpu: -1
  metrics_port: 70000
  enable_metrics: maybe
  start: { policy: retri, attempts: 0 }
  plugin_dir: ${NOWHERE}/x
hello-plugin:
  name: hello
  version: ^2
  dependencies: [loger-plugin, cache-plugin]
  permissions:
    - resource: event_bus
      action: [x]
  resources: {goroutines: 0, tasks: 3}
  config:
    mesage: hi
    token: [x]
    max_notifications: 0
cache-plugin: {}
hello-plugn: {}
logger-plugin@eu: {}
logger-plugin: { config: {a: 1}, enabled: false }
";
    let error = load(
        &Sources::new()
            .embedded("bad", "plugin_manager: [")
            .embedded("x", bad)
            .environment([
                ("APP__HELLO_PLUGIN__CONFIG__MESAGE", "x"),
                ("APP__HELO_PLUGIN__X", "1"),
                ("APP__CACHE_PLUGIN__X", "1"),
            ]),
        &COMPOSITION,
    )
    .unwrap_err();
    println!("{error}");
}
