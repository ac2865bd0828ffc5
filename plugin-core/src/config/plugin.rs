//! What the kernel wants to know of a plugin: everything under its root key but `config`.

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

/// The part of a plugin's file that the kernel reads; the root key is the plugin's name.
///
/// The key `config` beside these is the plugin's own: see
/// [`PluginSettings::values`](super::PluginSettings::values).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PluginConfig {
    /// The plugin's name, the same as the root key.
    pub name: Option<String>,
    /// Requirement on the linked plugin's version: `1.0.0` means `^1.0.0`.
    pub version: Option<VersionRequirement>,
    /// Whether the plugin is started.
    pub enabled: bool,
    /// Where the instances run: `in_process`, in the process of the manager, or `process`, each in one
    /// of its own; by default where the manager's `isolation` says.
    pub isolation: Option<Isolation>,
    /// How long the process of an instance may give no sign of life before it is killed: a call that
    /// does not come to an `.await` is one.
    #[schemars(extend("x-min" = "50ms", "x-max" = "1d"))]
    pub watchdog: Period,
    /// Plugins that have to be in the build, be enabled and start before this one.
    pub dependencies: Vec<String>,
    /// Plugins that must not be enabled.
    pub conflicts: Vec<String>,
    /// What the plugin may use up.
    pub resources: Resources,
    /// What the plugin may do. Without the key: all that its types grant. With it: no more than
    /// what it lists.
    pub permissions: Option<Vec<Permission>>,
    /// Roles of the manager's config whose permissions the plugin has.
    pub roles: Vec<String>,
    /// How the plugin is started; key by key, the manager's `start` fills in.
    pub start: Start,
    /// How the plugin is restarted; key by key, the manager's `restart` fills in.
    pub restart: Restart,
    /// The instances that services are taken from, by the names of the services; by default those
    /// without a label.
    pub services: BTreeMap<String, String>,
    /// The instances whose answers to requests are taken, by the topics of the requests; by default
    /// those without a label.
    pub requests: BTreeMap<String, String>,
    /// What differs from the schedules that the plugin declares, by their names.
    pub schedules: BTreeMap<String, ScheduleConfig>,
    /// What differs from the handlers that the plugin declares, by their names.
    pub handlers: BTreeMap<String, HandlerConfig>,
    /// Instances of the plugin, of which one gets each event.
    #[schemars(range(min = 1, max = 1024))]
    pub replicas: usize,
    /// Events that wait for an instance of the plugin at most.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub mailbox: usize,
    /// Time limit of a hook, and of a handler that names none; by default the manager's.
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

/// What a plugin may use up. A key that is absent sets no limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// Memory that its code allocated and nobody has freed, in MB.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub memory: Option<u64>,
    /// What happens when it has taken that much: `warn`, `restart` or `stop`.
    pub on_breach: MemoryBreach,
    /// Processor time, in processors: 0.1 is a tenth of one.
    #[schemars(range(min = 0.01, max = 10_000.0))]
    pub cpu: Option<f64>,
    /// Tasks that run at the same time; `goroutines` means the same.
    #[schemars(range(min = 1, max = 1_000_000_000), extend("x-aliases" = ["goroutines"]))]
    pub tasks: Option<usize>,
    /// Files that it has open through its `Files`.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub file_handles: Option<u64>,
}

impl PluginConfig {
    /// A handler that the plugin declares, with what this config says of it.
    #[must_use]
    pub fn subscription(&self, declared: &Subscription) -> Subscription {
        let config = self.handlers.get(declared.handler);
        Subscription {
            options: config.map_or(declared.options, |config| config.over(declared.options)),
            ..*declared
        }
    }
}
