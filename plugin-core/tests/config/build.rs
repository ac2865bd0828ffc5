//! A build to configure: five plugins by hand, and a sixth that was left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plugin_core::config::{
    ConfigError, ConfigNeed, Period, Secret, SecretUrl, Settings, Sources, load,
};
use plugin_core::service::ServiceDescriptor;
use plugin_core::{
    Arity, CatalogueEntry, Composition, Descriptor, Hooks, Mode, Need, PluginRef, Provide,
    Requirement, Schedule, ScheduleOptions, Source, SubscribeOptions, Subscription, When,
};
use schemars::JsonSchema;
use serde::Deserialize;

const HOOKS: Hooks = Hooks::new(|_| Ok(Box::pin(async { Ok(Arc::new(()) as PluginRef) })));

/// The `config` of the example file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its schema")]
pub(crate) struct Hello {
    message: String,
    #[serde(default = "thousand")]
    #[schemars(range(min = 1, max = 100_000))]
    max_notifications: u64,
    #[serde(default)]
    retry_count: u32,
}

fn thousand() -> u64 {
    1_000
}

/// One key of every kind.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
pub(crate) struct Store {
    password: Secret,
    host: Option<String>,
    #[serde(default = "default_port")]
    port: u16,
    #[serde(default)]
    verbose: bool,
    linger: Option<Period>,
    #[schemars(length(min = 1))]
    tables: Option<Vec<Table>>,
    engine: Option<Engine>,
    mode: Option<Access>,
    even: Option<Even>,
    logins: Option<Vec<Login>>,
    gateway: Option<Gateway>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
pub(crate) struct Login {
    name: String,
    password: Secret,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read for its schema")]
pub(crate) struct Gateway {
    url: SecretUrl,
    port: Option<u16>,
    tokens: Option<BTreeMap<String, Secret>>,
    next: Option<Box<Gateway>>,
}

fn default_port() -> u16 {
    3306
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read for its schema")]
pub(crate) struct Table {
    name: String,
    rows: Option<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "read for its schema")]
pub(crate) enum Engine {
    Sqlite { path: String },
    Mysql { threads: u8 },
}

/// A number that only the type knows to be wrong.
#[derive(Deserialize, JsonSchema)]
#[serde(try_from = "u32")]
pub(crate) struct Even;

impl TryFrom<u32> for Even {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, Self::Error> {
        match number % 2 {
            0 => Ok(Self),
            _ => Err("the number must be even"),
        }
    }
}

const DATABASE: ServiceDescriptor = ServiceDescriptor::new("Database", "test", "test::Database");

static LOGGER: Descriptor =
    Descriptor::new("logger-plugin", "1.2.0", HOOKS).singleton("the log is of the process");
static STORE: Descriptor = Descriptor::new("database-plugin", "2.1.0", HOOKS)
    .needs(&[Need::Config(ConfigNeed::of::<Store>())])
    .provides(&[Provide {
        service: &DATABASE,
        priority: 0,
        install: |_, _| {},
    }]);
static USERS: Descriptor =
    Descriptor::new("user-service", "1.0.0", HOOKS).needs(&[Need::Service {
        service: &DATABASE,
        arity: Arity::One,
    }]);
static HELLO: Descriptor = Descriptor::new("hello-plugin", "1.0.0", HOOKS)
    .needs(&[Need::Config(ConfigNeed::of::<Hello>())])
    .requires(&[Requirement {
        plugin: "logger-plugin",
        version: "^1",
    }]);
static FREE: Descriptor = Descriptor::new("free-plugin", "1.0.0", HOOKS)
    .needs(&[Need::Config(ConfigNeed::of::<
        BTreeMap<String, serde_json::Value>,
    >())])
    .subscriptions(&[Subscription {
        handler: "listen",
        source: Source::Pattern("user.*"),
        mode: Mode::Queued,
        options: SubscribeOptions::DEFAULT,
        bind: |_, _| {},
    }])
    .schedules(&[Schedule {
        name: "tidy",
        when: When::Every(Duration::from_secs(60)),
        options: ScheduleOptions::DEFAULT,
        run: |_, _| Box::pin(async { Ok(()) }),
    }]);

pub(crate) static BUILD: Composition = Composition::proven(
    &[&LOGGER, &STORE, &USERS, &HELLO, &FREE],
    &[0, 1, 2, 3, 4],
    &[
        CatalogueEntry {
            feature: "cache",
            plugin: "cache-plugin",
            provides: &[],
            answers: &[],
            enabled: false,
        },
        CatalogueEntry {
            feature: "hello",
            plugin: "hello-plugin",
            provides: &[],
            answers: &[],
            enabled: true,
        },
    ],
);

/// What no test of its own speaks of, so that nothing is missing.
const BASE: &str = "
hello-plugin: { config: { message: base } }
database-plugin: { config: { password: base } }
";

/// Sources on which the build loads.
pub(crate) fn base() -> Sources {
    Sources::new().embedded("base", BASE)
}

/// The base with a text over it.
pub(crate) fn with(text: &str) -> Sources {
    base().embedded("test", text)
}

pub(crate) fn loaded(sources: &Sources) -> Settings {
    load(sources, &BUILD).unwrap_or_else(|error| panic!("does not load:\n{error}"))
}

pub(crate) fn refused(sources: &Sources) -> ConfigError {
    load(sources, &BUILD).expect_err("loads, though it should not")
}

/// The lines of the error, without the name of the text.
pub(crate) fn lines(sources: &Sources) -> Vec<String> {
    let text = refused(sources).to_string();
    text.lines()
        .map(|line| line.replace("embedded test:", ""))
        .collect()
}
