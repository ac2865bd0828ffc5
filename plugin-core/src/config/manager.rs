//! The manager's own config, which has the root key `plugin_manager`.

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
/// Relative paths are relative to the current directory, not to the directory of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ManagerConfig {
    /// Directory of plugins that are not linked into the binary. It is not used yet.
    pub plugin_dir: PathBuf,
    /// Directory of the plugins' config files, whose names end in `.yaml` or `.yml`.
    pub config_dir: PathBuf,
    /// Directory in which the plugins and the manager store data.
    pub data_dir: PathBuf,
    /// Most plugins that are initialized or started at the same time.
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrency: usize,
    /// Time limit of a hook, and of a handler that does not set its own.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub timeout: Period,
    /// How long a stop waits until the accepted events are handled.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub drain_timeout: Period,
    /// Interval between two health checks of a plugin.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub health_interval: Period,
    /// Longest chain of events in which each event is published while the one before it is handled.
    /// An event that would make the chain longer is refused.
    #[schemars(range(min = 1, max = 65_535))]
    pub max_event_depth: u16,
    /// Where instances of business plugins run if they do not set it themselves: `in_process` or
    /// `process`. An instance that can't run in a process of its own stays in the manager's
    /// process.
    pub isolation: Option<Isolation>,
    /// Whether plugins run in a sandbox. If `isolation` is not set, this means
    /// `isolation: process`.
    pub enable_sandbox: bool,
    /// Most memory that the process may use, in MB.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_memory: Option<u64>,
    /// What happens if the process uses that much memory: `warn` or `stop`.
    pub on_breach: ProcessBreach,
    /// Most processor time that all plugins together may use, in processors: 0.5 is half of one.
    #[schemars(range(min = 0.01, max = 10_000.0))]
    pub max_cpu: Option<f64>,
    /// Whether metrics are served. By default, they are served if `metrics_port` is set.
    pub enable_metrics: Option<bool>,
    /// The port on which metrics are served; the default is 9090. With 0, the system chooses a free
    /// port.
    pub metrics_port: Option<u16>,
    /// Whether the service applies changed config files while it runs.
    pub enable_hot_reload: bool,
    /// Interval between two checks of the config files.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub watch_interval: Period,
    /// Which config the next start reads after a reload that failed: `keep` reads the files as they
    /// are; `rollback` reads the running config until one of the files changes.
    pub on_failed_reload: FailedReload,
    /// How many applied configs are kept, to view them or to return to one of them.
    #[schemars(range(min = 1, max = 1000))]
    pub config_generations: usize,
    /// Named sets of permissions, which the `roles` of a plugin refer to.
    pub roles: BTreeMap<String, Role>,
    /// How plugins are started that do not set it themselves.
    pub start: Start,
    /// How plugins are restarted that do not set it themselves.
    pub restart: Restart,
    /// What happens to events that a handler failed to handle.
    pub dead_letters: DeadLetterConfig,
    /// How much of the audit log is kept.
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

/// The default port of metrics, which is the default port of Prometheus.
const METRICS_PORT: u16 = 9090;

impl ManagerConfig {
    /// The port on which metrics are served; `None` if they are not served.
    #[must_use]
    pub fn served_metrics_port(&self) -> Option<u16> {
        let is_served = self.enable_metrics.unwrap_or(self.metrics_port.is_some());
        is_served.then_some(self.metrics_port.unwrap_or(METRICS_PORT))
    }
}

/// What happens to events that a handler failed to handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeadLetterConfig {
    /// Most dead letters that are kept in memory. If there is one more, the oldest is dropped. A
    /// plugin that provides `DeadLetterStore` has its own limits.
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
    /// What a plugin with this role may do.
    #[serde(default)]
    pub permissions: Vec<Permission>,
}
