//! The results of a schedule.

use schemars::JsonSchema;
use serde::Serialize;

/// The results of a schedule since the plugin was configured, over all its lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ScheduleCounts {
    /// Number of runs that succeeded.
    pub completed: u64,
    /// Number of runs that failed, panicked or timed out.
    pub failed: u64,
    /// Number of runs that were aborted by a stop of the plugin.
    pub cancelled: u64,
    /// Number of due times without a run, because the previous run was still in progress, or
    /// because the plugin had as many tasks as it may have.
    pub skipped: u64,
    /// Number of due times without a run of their own, because they were noticed too late.
    pub missed: u64,
}
