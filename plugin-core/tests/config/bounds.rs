//! What a schema shows to be a trap.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use plugin_core::config::{ConfigNeed, Period, Sources, load, schema, unbounded, unwritable};
use plugin_core::{Composition, Descriptor, Hooks, Need, PluginRef};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::build::{BUILD, base, lines, loaded, with};

#[test]
fn report_c5_the_keys_of_the_kernel_have_bounds() {
    let mut kernel = schema(&BUILD);
    for plugin in BUILD.plugins() {
        let properties = kernel["properties"][plugin.name]["properties"].as_object_mut();
        properties.expect("keys").remove("config");
    }
    assert_eq!(unbounded(&kernel), Vec::<String>::new());
}

/// A tree, so that a type that holds itself has an end.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
struct Loose {
    /// No bounds at all.
    size: usize,
    #[schemars(range(max = 5))]
    half: i64,
    port: u16,
    #[schemars(extend("exclusiveMinimum" = 0))]
    above: Option<Period>,
    #[schemars(extend("x-min" = "1s", "x-max" = "1h"))]
    good: Period,
    inner: Vec<Loose>,
    ratio: std::collections::BTreeMap<String, f64>,
}

#[test]
fn report_c5_keys_without_bounds_are_found() {
    let found = unbounded(schemars::schema_for!(Loose).as_value());
    let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
    found.retain(|key| !key.starts_with("inner"));
    found.sort_unstable();
    assert_eq!(found, ["above", "half", "ratio.*", "size"]);
}

#[test]
fn report_c5_a_period_keeps_its_bounds() {
    let text = "
plugin_manager:
  timeout: 25d
  health_interval: 100us
  drain_timeout: 0s
  restart: { within: 366d, backoff: { max: 2d } }
";
    assert_eq!(
        lines(&with(text)),
        [
            "3:12: plugin_manager.timeout: out of range (expected a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`, found the text `25d`)",
            "4:20: plugin_manager.health_interval: out of range (expected a length of time from `1ms` to `1d`, such as `30s` or `1m 30s`, found the text `100us`)",
            "6:22: plugin_manager.restart.within: out of range (expected a length of time from `1ms` to `365d`, such as `30s` or `1m 30s`, found the text `366d`)",
            "6:44: plugin_manager.restart.backoff.max: out of range (expected a length of time from `0s` to `1d`, such as `30s` or `1m 30s`, found the text `2d`)",
        ]
    );
    loaded(&base().embedded("test", "plugin_manager: { timeout: 1d, drain_timeout: 0s }"));
}

const HOOKS: Hooks =
    Hooks::new(|_| Ok(Box::pin(async { Ok(std::sync::Arc::new(()) as PluginRef) })));

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
struct Trap {
    connect: Connect,
    pauses: Vec<Option<Duration>>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
struct Connect {
    timeout: Duration,
}

static TRAP: Descriptor =
    Descriptor::new("trap-plugin", "1.0.0", HOOKS).needs(&[Need::Config(ConfigNeed::of::<Trap>())]);
static TRAPPED: Composition = Composition::proven(&[&TRAP], &[0], &[]);

/// What is said of a section of the plugin.
fn trapped(section: &str) -> String {
    let text = format!("trap-plugin: {{ {section} }}");
    let error = load(&Sources::new().embedded("test", &text), &TRAPPED);
    error.expect_err("a `Duration`").to_string()
}

#[test]
fn report_c9_a_duration_in_a_config_type_points_to_period() {
    let told = trapped("enabled: false");
    let right = "its type is `std::time::Duration`, which a file would write as `{ secs: 30, nanos: 0 }`: make it a `plugin_core::config::Period` in the config type of `trap-plugin`";
    assert_eq!(
        told,
        format!(
            "trap-plugin.config.connect.timeout: {right}\ntrap-plugin.config.pauses[]: {right}"
        )
    );
}

/// Wherever such a type hides.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
struct Hidden {
    plain: Duration,
    optional: Option<Duration>,
    list: Vec<Duration>,
    array: [Duration; 2],
    boxed: Box<Duration>,
    tuple: (u8, Duration),
    by_name: BTreeMap<String, Duration>,
    by_number: BTreeMap<u32, Duration>,
    span: std::ops::Range<Duration>,
    external: External,
    tagged: Tagged,
    untagged: Untagged,
    new: New,
    #[serde(flatten)]
    flat: Flat,
    begin: SystemTime,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
struct Flat {
    deep: Connect,
    #[serde(flatten)]
    own: Duration,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
struct New(Duration);

#[derive(JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
enum External {
    Never,
    After(Duration),
    Within { limit: Duration },
    Both(u8, Duration),
}

#[derive(JsonSchema)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "read for its schema")]
enum Tagged {
    Never,
    Wait { pause: Duration },
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "read for its schema")]
enum Untagged {
    Word(String),
    Time(Duration),
}

#[test]
fn report_c9_a_duration_is_found_wherever_it_hides() {
    let schema = schemars::schema_for!(Hidden);
    let found = unwritable(schema.as_value());
    let keys: BTreeSet<&str> = (found.iter())
        .filter_map(|line| line.split_once(": its type is `std::time::"))
        .map(|(key, _)| key)
        .collect();
    let right = [
        "",
        "array[]",
        "begin",
        "boxed",
        "by_name.*",
        "by_number.*",
        "deep.timeout",
        "external.After",
        "external.Both",
        "external.Within.limit",
        "list[]",
        "new",
        "optional",
        "plain",
        "span.end",
        "span.start",
        "tagged.pause",
        "tuple",
        "untagged",
    ];
    assert_eq!(keys, BTreeSet::from(right));
    assert!(
        found
            .iter()
            .any(|line| line.contains("begin: its type is `std::time::SystemTime`"))
    );
    // What writes a time as text is none.
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "read for its schema")]
    struct Fine {
        pause: Period,
        #[schemars(with = "String")]
        own: Duration,
        secs: u64,
    }
    assert_eq!(unwritable(schemars::schema_for!(Fine).as_value()), [""; 0]);
}

#[test]
fn report_d_of_a_duration_nothing_else_is_said_whatever_the_file_holds() {
    let alone = trapped("enabled: false");
    for value in ["5s", "5", "{ secs: 5, nanos: 0 }"] {
        let config = format!("config: {{ connect: {{ timeout: {value} }}, pauses: [{value}] }}");
        assert_eq!(trapped(&config), alone);
    }
}
