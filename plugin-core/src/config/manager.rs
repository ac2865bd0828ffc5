//! The manager's own config: the root key `plugin_manager`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::isolation::Isolation;
use super::policy::{FailedReload, ProcessBreach, Restart, Start};
use crate::audit::AuditConfig;
use crate::period::Period;
use crate::permission::Permission;

/// Root key of the manager's config.
pub(crate) const ROOT: &str = "plugin_manager";

/// The manager's config. Every key has a default.
///
/// Relative paths count from the current directory, not from the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ManagerConfig {
    /// Directory of plugins that are not linked in. Plugins are linked: it is not read yet.
    pub plugin_dir: PathBuf,
    /// Directory of the plugins' config files, one `*.yaml` each.
    pub config_dir: PathBuf,
    /// Directory of what plugins and the manager keep.
    pub data_dir: PathBuf,
    /// Most plugins that are initialized or started at the same time.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrency: usize,
    /// Time limit of a hook, and of a handler that names none.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub timeout: Period,
    /// Time that a stop waits for accepted events to be handled.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub drain_timeout: Period,
    /// Pause between two questions for a plugin's health.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub health_interval: Period,
    /// Most events that come one after the other, each published while the one before it is
    /// handled: one more is refused.
    #[schemars(range(min = 1, max = 65_535))]
    pub max_event_depth: u16,
    /// Where the instances of business plugins run that do not say it themselves: `in_process` or
    /// `process`. One that can't run in a process of its own stays in that of the manager.
    pub isolation: Option<Isolation>,
    /// Whether plugins run in a sandbox: without `isolation`, the same as `isolation: process`.
    pub enable_sandbox: bool,
    /// Most memory of the process, in MB.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_memory: Option<u64>,
    /// What happens when the process has taken that much: `warn` or `stop`.
    pub on_breach: ProcessBreach,
    /// Most processor time of all plugins together, in processors: 0.5 is half of one.
    #[schemars(range(min = 0.01, max = 10_000.0))]
    pub max_cpu: Option<f64>,
    /// Whether metrics are served. Without a word they are if `metrics_port` is given.
    pub enable_metrics: Option<bool>,
    /// Port that metrics are served on, 9090 if none is given; 0 takes a free one.
    pub metrics_port: Option<u16>,
    /// Whether a changed config file is taken over while the service runs.
    pub enable_hot_reload: bool,
    /// Pause between two looks at the config files.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub watch_interval: Period,
    /// What the next start reads after a reload that failed: `keep` reads the files as they are,
    /// `rollback` the config that runs, until one of the files changes.
    pub on_failed_reload: FailedReload,
    /// Configs that are kept after they were applied, to look at and to go back to.
    #[schemars(range(min = 1, max = 1000))]
    pub config_generations: usize,
    /// Named sets of permissions, for the `roles` of a plugin.
    pub roles: BTreeMap<String, Role>,
    /// How plugins are started that do not say it themselves.
    pub start: Start,
    /// How plugins are restarted that do not say it themselves.
    pub restart: Restart,
    /// What becomes of events that a handler failed with.
    pub dead_letters: DeadLetterConfig,
    /// How much is kept of who did what.
    pub audit: AuditConfig,
}

impl Default for ManagerConfig {
    fn default() -> Self {
        Self {
            plugin_dir: "./plugins".into(),
            config_dir: "./config/plugins".into(),
            data_dir: "./data/plugins".into(),
            max_concurrency: 10,
            timeout: Period::seconds(30),
            drain_timeout: Period::seconds(10),
            health_interval: Period::seconds(2),
            max_event_depth: 64,
            isolation: None,
            enable_sandbox: false,
            max_memory: None,
            on_breach: ProcessBreach::default(),
            max_cpu: None,
            enable_metrics: None,
            metrics_port: None,
            enable_hot_reload: false,
            watch_interval: Period::seconds(5),
            on_failed_reload: FailedReload::default(),
            config_generations: 10,
            roles: BTreeMap::new(),
            start: Start::default(),
            restart: Restart::default(),
            dead_letters: DeadLetterConfig::default(),
            audit: AuditConfig::default(),
        }
    }
}

/// The port of metrics that nobody gave another one; that of Prometheus.
const METRICS_PORT: u16 = 9090;

impl ManagerConfig {
    /// The port that metrics are served on; `None` when they are not.
    #[must_use]
    pub fn served_metrics_port(&self) -> Option<u16> {
        let is_served = self.enable_metrics.unwrap_or(self.metrics_port.is_some());
        is_served.then_some(self.metrics_port.unwrap_or(METRICS_PORT))
    }
}

/// What becomes of events that a handler failed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// Most dead letters that are kept in memory; when one more comes, the oldest is dropped. A
    /// plugin that provides `DeadLetterStore` has limits of its own.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub capacity: usize,
}

impl Default for DeadLetterConfig {
    fn default() -> Self {
        Self { capacity: 1_000 }
    }
}

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// What a plugin of this role may do.
    #[serde(default)]
    pub permissions: Vec<Permission>,
}
