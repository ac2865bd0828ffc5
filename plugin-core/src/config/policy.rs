//! Policies for failures: of a plugin while it starts, and while it runs; and for too much memory.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;
use crate::period::Period;

/// What happens if the start of a plugin fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartPolicy {
    /// The whole start fails and is rolled back.
    #[default]
    Fail,
    /// The start is tried again after a growing pause. If all attempts fail, the whole start fails.
    Retry,
    /// The service starts without the plugin and the plugins that need it.
    Ignore,
}

/// How a plugin is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// What happens if the start fails: `fail`, `retry` or `ignore`.
    pub policy: StartPolicy,
    /// With `retry`: the total number of attempts.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub attempts: u32,
    /// With `retry`: the pause between two attempts.
    pub backoff: Backoff,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            policy: StartPolicy::default(),
            attempts: 3,
            backoff: Backoff::default(),
        }
    }
}

/// Whether a plugin that fails while it runs is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// The plugin is not restarted.
    Never,
    /// The plugin is restarted, as long as there are restarts left.
    #[default]
    OnFailure,
}

/// What happens if the allowed restarts are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exhausted {
    /// The service continues without the plugin and the plugins that need it.
    #[default]
    Degrade,
    /// The whole service stops.
    Escalate,
}

/// How a plugin that fails while it runs is restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Restart {
    /// Whether the plugin is restarted: `never` or `on_failure`.
    pub policy: RestartPolicy,
    /// Number of restarts that are allowed within the period `within`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_restarts: u32,
    /// The period in which `max_restarts` are counted.
    #[schemars(extend("x-min" = "1ms", "x-max" = "365d"))]
    pub within: Period,
    /// The pause before a restart.
    pub backoff: Backoff,
    /// What happens if the allowed restarts are used up: `degrade` or `escalate`.
    pub then: Exhausted,
}

impl Default for Restart {
    fn default() -> Self {
        Self {
            policy: RestartPolicy::default(),
            max_restarts: 3,
            within: Period::seconds(60),
            backoff: Backoff::default(),
            then: Exhausted::default(),
        }
    }
}

/// Which config the next start reads after a reload that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailedReload {
    /// The files as they are.
    #[default]
    Keep,
    /// The running config, until one of the files changes.
    Rollback,
}

/// What happens if a plugin uses as much memory as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryBreach {
    /// A warning is logged.
    #[default]
    Warn,
    /// The plugin fails and is restarted like any plugin that fails.
    Restart,
    /// The plugin fails and is not restarted.
    Stop,
}

/// What happens if the process uses as much memory as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessBreach {
    /// A warning is logged.
    #[default]
    Warn,
    /// The service stops gracefully, and the process reports an error.
    Stop,
}
