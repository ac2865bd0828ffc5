//! `schedules`: what the command line says of schedules.

use clap::{Args, Subcommand};

/// What to do with schedules.
#[derive(Debug, Args)]
pub(crate) struct Schedules {
    #[command(subcommand)]
    pub(crate) action: Option<ScheduleAction>,
}

/// What to do with a schedule.
#[derive(Debug, Subcommand)]
pub(crate) enum ScheduleAction {
    /// No run of it begins until it is resumed, also through restarts of the plugin.
    Pause(OneSchedule),
    /// Go on with it, with its next due time.
    Resume(OneSchedule),
    /// Begin a run now, and don't wait for its end.
    Run(OneSchedule),
    /// End it for good: as long as the service runs.
    Cancel(OneSchedule),
}

/// A schedule.
#[derive(Debug, Args)]
pub(crate) struct OneSchedule {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Name of the schedule.
    pub(crate) schedule: String,
}
