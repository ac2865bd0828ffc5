//! What a schedule has come to.

use schemars::JsonSchema;
use serde::Serialize;

/// What a schedule has come to since the plugin was configured, through all its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScheduleCounts {
    /// Runs that ended well.
    pub completed: u64,
    /// Runs that failed, panicked or ran out of time.
    pub failed: u64,
    /// Runs that a stop of the plugin cut off.
    pub cancelled: u64,
    /// Due times without a run, because the run before still went, or the plugin had as many tasks
    /// as it may.
    pub skipped: u64,
    /// Due times without a run of their own, because they were seen too late.
    pub missed: u64,
}
