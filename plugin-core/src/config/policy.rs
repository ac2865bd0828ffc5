//! What happens when a plugin fails: while it starts, and while it runs; and when too much memory is
//! taken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backoff::Backoff;
use crate::period::Period;

/// What a failed start of a plugin leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StartPolicy {
    /// The whole start fails and is rolled back.
    #[default]
    Fail,
    /// The start is tried again with a growing pause, then it fails.
    Retry,
    /// The service starts without the plugin and those that need it.
    Ignore,
}

/// How a plugin is started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Start {
    /// What a failure leads to: `fail`, `retry` or `ignore`.
    pub policy: StartPolicy,
    /// With `retry`: how often the start is tried in all.
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

/// Whether a plugin that failed while it ran is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// Never.
    Never,
    /// When it failed, within the budget.
    #[default]
    OnFailure,
}

/// What happens when the budget of restarts is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exhausted {
    /// The service goes on without the plugin and those that need it.
    #[default]
    Degrade,
    /// The whole service stops.
    Escalate,
}

/// How a plugin that failed while it ran is started again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Restart {
    /// Whether it is started again: `never` or `on_failure`.
    pub policy: RestartPolicy,
    /// Restarts that are allowed within the time of `within`.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_restarts: u32,
    /// The time in which `max_restarts` are counted.
    #[schemars(extend("x-min" = "1ms", "x-max" = "365d"))]
    pub within: Period,
    /// The pause before a restart.
    pub backoff: Backoff,
    /// What happens when that was not enough: `degrade` or `escalate`.
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

/// What the next start reads after a reload that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailedReload {
    /// The files, as they are.
    #[default]
    Keep,
    /// The config that runs, until one of the files changes.
    Rollback,
}

/// What happens when a plugin has taken the memory that it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemoryBreach {
    /// The log says so.
    #[default]
    Warn,
    /// It fails, and is started again as any plugin that fails.
    Restart,
    /// It fails, and is not started again.
    Stop,
}

/// What happens when the process has taken the memory that it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessBreach {
    /// The log says so.
    #[default]
    Warn,
    /// The service stops, in good order and with an error.
    Stop,
}
