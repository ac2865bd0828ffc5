//! Calls at given times: methods with `#[schedule]`, and schedules that a plugin creates while it
//! runs.
//!
//! A plugin that asks for a [`Scheduler`] creates schedules at run time, whose handles end them.
//! Each run is a task of its plugin, guarded like any other call: an error, a panic or an exceeded
//! time limit affects only that run.

mod cron;
pub(crate) mod grammar;
mod jitter;
mod timing;
mod trigger;

mod counts;
mod declared;
mod entry;
mod error;
mod run;
mod status;

mod book;
mod timetable;

mod scheduler;

pub use crate::options::{Misfire, Overlap, ScheduleOptions, When};
pub use cron::Cron;
pub use declared::Schedule;
pub use error::{ScheduleError, TriggerError};
pub use run::ScheduledRun;
pub use scheduler::{ScheduleHandle, Scheduler};
pub use status::{LastRun, RunOutcome, ScheduleCounts, ScheduleState, ScheduleStatus};
pub use timing::Timing;
pub use trigger::Trigger;

/// The text of a time of day: RFC 3339 in UTC.
#[must_use]
pub fn timestamp(time: std::time::SystemTime) -> String {
    crate::timestamp::Timestamp(time).to_string()
}

pub(crate) use run::Ended;
pub(crate) use timetable::{Refused, Timetable};
