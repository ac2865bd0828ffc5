//! What an observer sees of a schedule.

use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::timestamp::Timestamp;

pub use super::counts::ScheduleCounts;

/// A schedule and how it does.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScheduleStatus {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the schedule, unique in the plugin.
    pub schedule: String,
    /// Whether `#[schedule]` declares it; else it was made at run time.
    pub declared: bool,
    /// When it runs and how, in words.
    pub timing: String,
    /// Where it is.
    pub state: ScheduleState,
    /// Runs that go on now.
    pub running: usize,
    /// Runs that wait for one before them.
    pub queued: usize,
    /// What it has come to.
    #[serde(flatten)]
    pub counts: ScheduleCounts,
    /// The run that ended last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<LastRun>,
    /// When it is due next, jitter included.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub next: Option<SystemTime>,
}

/// Where a schedule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ScheduleState {
    /// It waits for its time, or runs.
    Active,
    /// An operator has halted it.
    Paused,
    /// It has run as often as it was to, in this life of the plugin.
    Finished,
    /// An operator has ended it.
    Cancelled,
    /// Config has turned it off.
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
    /// Which run it was in that life of the plugin, counted from 1.
    pub number: u64,
    /// When it was due.
    #[serde(serialize_with = "always")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub due: SystemTime,
    /// How long it took.
    #[serde(rename = "took_us", serialize_with = "micros")]
    #[schemars(with = "u64")]
    pub took: Duration,
    /// What came of it.
    pub outcome: RunOutcome,
    /// Text of its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// It ended well.
    Completed,
    /// It returned an error or panicked.
    Failed,
    /// It ran out of time.
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
