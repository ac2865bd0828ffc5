//! The keys that the kernel reads in the section of a plugin: all except `config`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::handlers::HandlerConfig;
use super::isolation::Isolation;
use super::policy::{MemoryBreach, Restart, Start};
use super::requirement::VersionRequirement;
use super::schedules::ScheduleConfig;
use crate::event::Subscription;
use crate::period::Period;
use crate::permission::Permission;

/// The part of a plugin's section that the kernel reads. The root key of the section is the
/// plugin's name.
///
/// The key `config` beside these keys belongs to the plugin: see
/// [`PluginSettings::values`](super::PluginSettings::values).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginConfig {
    /// The plugin's name, which must equal the root key.
    pub name: Option<String>,
    /// Required version of the linked plugin: `1.0.0` means `^1.0.0`.
    pub version: Option<VersionRequirement>,
    /// Whether the plugin is started.
    pub enabled: bool,
    /// Where the instances run: `in_process`, in the manager's process, or `process`, each in a
    /// process of its own. By default, the manager's `isolation` decides.
    pub isolation: Option<Isolation>,
    /// How long the process of an instance may give no sign of life before it is killed. A call
    /// that does not reach an `.await` prevents signs of life.
    #[schemars(extend("x-min" = "50ms", "x-max" = "1d"))]
    pub watchdog: Period,
    /// Plugins that must be in the build, be enabled and start before this one.
    pub dependencies: Vec<String>,
    /// Plugins that must not be enabled together with this one.
    pub conflicts: Vec<String>,
    /// Limits on the resources that the plugin uses.
    pub resources: Resources,
    /// What the plugin may do. Without this key, it may do everything that its types ask for; with
    /// it, only what the list contains.
    pub permissions: Option<Vec<Permission>>,
    /// Roles in the manager's config whose permissions the plugin gets.
    pub roles: Vec<String>,
    /// How the plugin is started. Keys that are absent are taken from the manager's `start`.
    pub start: Start,
    /// How the plugin is restarted. Keys that are absent are taken from the manager's `restart`.
    pub restart: Restart,
    /// For each service, the instance that provides it to this plugin. By default, it is the
    /// instance without a label.
    pub services: BTreeMap<String, String>,
    /// For each topic of a request, the instance that answers it. By default, it is the instance
    /// without a label.
    pub requests: BTreeMap<String, String>,
    /// Changes to the schedules that the plugin declares, by their names.
    pub schedules: BTreeMap<String, ScheduleConfig>,
    /// Changes to the handlers that the plugin declares, by their names.
    pub handlers: BTreeMap<String, HandlerConfig>,
    /// Number of instances of the plugin. Each event is handled by one of them.
    #[schemars(range(min = 1, max = 1024))]
    pub replicas: usize,
    /// Most events that wait for an instance of the plugin.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub mailbox: usize,
    /// Time limit of a hook, and of a handler that does not set its own. By default, it is the
    /// manager's `timeout`.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub timeout: Period,
}

impl Default for PluginConfig {
    fn default() -> Self {
        Self {
            name: None,
            version: None,
            enabled: true,
            isolation: None,
            watchdog: Period::seconds(5),
            dependencies: Vec::new(),
            conflicts: Vec::new(),
            resources: Resources::default(),
            permissions: None,
            roles: Vec::new(),
            start: Start::default(),
            restart: Restart::default(),
            services: BTreeMap::new(),
            requests: BTreeMap::new(),
            replicas: 1,
            schedules: BTreeMap::new(),
            handlers: BTreeMap::new(),
            mailbox: 1024,
            timeout: Period::seconds(30),
        }
    }
}

/// Limits on the resources that a plugin uses. A key that is absent sets no limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// Memory that the plugin's code has allocated and that is not freed yet, in MB.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub memory: Option<u64>,
    /// What happens if the plugin uses that much memory: `warn`, `restart` or `stop`.
    pub on_breach: MemoryBreach,
    /// Processor time, in processors: 0.1 is a tenth of one.
    #[schemars(range(min = 0.01, max = 10_000.0))]
    pub cpu: Option<f64>,
    /// Tasks that run at the same time; `goroutines` means the same.
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-aliases" = ["goroutines"]))]
    pub tasks: Option<usize>,
    /// Files that the plugin has open through its `Files`.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub file_handles: Option<u64>,
}

impl PluginConfig {
    /// A handler that the plugin declares, with the options that this config sets.
    #[must_use]
    pub fn subscription(&self, declared: &Subscription) -> Subscription {
        let config = self.handlers.get(declared.handler);
        Subscription {
            options: config.map_or(declared.options, |config| config.over(declared.options)),
            ..*declared
        }
    }
}
