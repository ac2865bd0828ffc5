//! The events that the manager publishes about the system.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, EventDescriptor};
pub use crate::event::outcome::dead_letters::EventDeadLettered;

/// Declares an event of the kernel, as `#[event]` does for plugins.
macro_rules! kernel_event {
    ($type:ident, $element:ident, $topic:literal, $description:literal) => {
        impl Event for $type {
            const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::of::<Self>(
                $topic,
                concat!(module_path!(), "::", stringify!($type)),
            )
            .description($description);
        }

        #[expect(unsafe_code, reason = "linkme puts the element into a link section")]
        #[linkme::distributed_slice(crate::event::descriptor::linked::EVENTS)]
        static $element: &'static EventDescriptor = <$type as Event>::DESCRIPTOR;
    };
}

/// A plugin is initialized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginInitialized {
    /// Name of the plugin.
    pub plugin: String,
    /// How long `init` took, in microseconds.
    pub took_us: u64,
}

/// A plugin runs and receives events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginStarted {
    /// Name of the plugin.
    pub plugin: String,
    /// How long `start` took, in microseconds.
    pub took_us: u64,
}

/// A plugin stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginStopped {
    /// Name of the plugin.
    pub plugin: String,
}

/// A new life of a plugin has replaced the previous one, which has stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginReplaced {
    /// Name of the plugin.
    pub plugin: String,
    /// How long it took from `init` of the new life to the end of the old one, in microseconds.
    pub took_us: u64,
}

/// A plugin failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PluginFailed {
    /// Name of the plugin.
    pub plugin: String,
    /// The kind of failure: `config`, `external`, `denied`, `timeout` or `bug`.
    pub kind: String,
    /// The error.
    pub error: String,
    /// Whether the manager will start it again.
    pub restarts: bool,
}

/// A run of a schedule succeeded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleCompleted {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the schedule.
    pub schedule: String,
    /// The number of the run in this life of the plugin, counted from 1.
    pub run: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
}

/// A run of a schedule failed, panicked or timed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleFailed {
    /// Name of the plugin.
    pub plugin: String,
    /// Name of the schedule.
    pub schedule: String,
    /// The number of the run in this life of the plugin, counted from 1.
    pub run: u64,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// The kind of failure: `config`, `external`, `denied`, `timeout` or `bug`.
    pub kind: String,
    /// The error.
    pub error: String,
}

/// Every plugin runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemStarted {
    /// Names of the plugins in start order.
    pub plugins: Vec<String>,
}

/// Every plugin has stopped. Only subscribers outside of the plugins can receive this event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemStopped {
    /// Names of the plugins that exceeded their time when they stopped.
    pub late: Vec<String>,
}

/// A requested operation was completed or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SystemOperated {
    /// The operation, in the word of the audit log: `restart`, `schedule.pause`.
    pub operation: String,
    /// The plugin of the operation; `None` if it concerns all.
    pub plugin: Option<String>,
    /// The actor: `uid:ann by admin-plugin`, or `operator` for the process itself.
    pub by: String,
    /// The result: `done`, `denied` or `failed`.
    pub outcome: String,
    /// The reason why it was not done.
    pub error: Option<String>,
}

/// A config was not applied: it was refused, or a plugin failed with it and what held before holds
/// again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConfigRejected {
    /// The operation that was to apply it, in the word of the audit log: `reload`, `config.set`.
    pub operation: String,
    /// The plugin that it was about; without one, all.
    pub plugin: Option<String>,
    /// Who asked: `uid:ann by admin-plugin`, or `operator` for the process itself.
    pub by: String,
    /// What became of it: `refused` before anything was changed, or `rolled_back`.
    pub outcome: String,
    /// Why, with all mistakes of a config that is wrong.
    pub reason: String,
    /// The number of the config that is in the place of the files because of it, also at the next
    /// start, until one of them changes (`on_failed_reload: rollback`).
    pub fallback: Option<u64>,
}

kernel_event!(
    PluginInitialized,
    PLUGIN_INITIALIZED,
    "plugin.initialized",
    "A plugin is built."
);
kernel_event!(
    PluginStarted,
    PLUGIN_STARTED,
    "plugin.started",
    "A plugin runs and receives events."
);
kernel_event!(
    PluginStopped,
    PLUGIN_STOPPED,
    "plugin.stopped",
    "A plugin stopped."
);
kernel_event!(
    PluginReplaced,
    PLUGIN_REPLACED,
    "plugin.replaced",
    "A new life of a plugin runs in the place of the one before."
);
kernel_event!(
    PluginFailed,
    PLUGIN_FAILED,
    "plugin.failed",
    "A plugin failed."
);
kernel_event!(
    EventDeadLettered,
    EVENT_DEAD_LETTERED,
    "event.dead_lettered",
    "An event went to the dead letters."
);
kernel_event!(
    ScheduleCompleted,
    SCHEDULE_COMPLETED,
    "schedule.completed",
    "A run of a schedule ended well."
);
kernel_event!(
    ScheduleFailed,
    SCHEDULE_FAILED,
    "schedule.failed",
    "A run of a schedule failed."
);
kernel_event!(
    SystemStarted,
    SYSTEM_STARTED,
    "system.started",
    "Every plugin runs."
);
kernel_event!(
    SystemStopped,
    SYSTEM_STOPPED,
    "system.stopped",
    "Every plugin has stopped."
);
kernel_event!(
    SystemOperated,
    SYSTEM_OPERATED,
    "system.operated",
    "An operation that somebody asked for came to its end, or was refused."
);
kernel_event!(
    ConfigRejected,
    CONFIG_REJECTED,
    "config.rejected",
    "A config was not applied."
);
