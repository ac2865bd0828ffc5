//! The status of a schedule for observers.

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::timestamp::Timestamp;

pub use super::counts::ScheduleCounts;

/// The status of a schedule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the schedule, unique in the plugin.
    pub schedule: String,
    /// Whether `#[schedule]` declares it; otherwise it was created at run time.
    pub declared: bool,
    /// Its times and options in words.
    pub timing: String,
    /// Its state.
    pub state: ScheduleState,
    /// Number of runs in progress.
    pub running: usize,
    /// Number of runs that wait for an earlier one.
    pub queued: usize,
    /// Its results.
    #[serde(flatten)]
    pub counts: ScheduleCounts,
    /// The run that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRun>,
    /// Its next due time, including jitter.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next: Option<SystemTime>,
}

/// The state of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScheduleState {
    /// It waits for its due time, or runs.
    Active,
    /// An operator has paused it.
    Paused,
    /// It has reached its number of runs in this life of the plugin.
    Finished,
    /// An operator has cancelled it.
    Cancelled,
    /// Config disables it.
    Disabled,
    /// Its plugin does not run.
    Stopped,
}

impl ScheduleState {
    /// The word that output uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Cancelled => "cancelled",
            Self::Disabled => "disabled",
            Self::Stopped => "stopped",
        }
    }
}

impl std::fmt::Display for ScheduleState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A run that has ended.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct LastRun {
    /// The number of the run in that life of the plugin, counted from 1.
    pub number: u64,
    /// When it was due.
    #[serde(serialize_with = "always")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub due: SystemTime,
    /// How long it took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    #[schemars(with = "u64")]
    pub took: Duration,
    /// The outcome.
    pub outcome: RunOutcome,
    /// The text of its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// It succeeded.
    Completed,
    /// It returned an error or panicked.
    Failed,
    /// It timed out.
    TimedOut,
}

fn always<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    Timestamp(*at).serialize(serializer)
}

fn time<S: Serializer>(at: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp).serialize(serializer)
}

fn micros<S: Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}
