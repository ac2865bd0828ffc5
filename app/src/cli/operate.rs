//! The commands that change what runs, and the schedules.

use clap::{Args, Subcommand};

/// Which plugin to do something with.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Name of the plugin, which stands for all its instances, or of one instance.
    pub(crate) plugin: String,
}

/// What to stop.
#[derive(Debug, Args)]
pub(crate) struct Stop {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Stop the plugins that need it first; else it is refused while they run.
    #[arg(long)]
    pub(crate) cascade: bool,
}

/// What to read again.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    /// Name of the one plugin whose section is taken over; else all of the config is.
    pub(crate) plugin: Option<String>,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which plugin to bring in.
#[derive(Debug, Args)]
pub(crate) struct SetChange {
    /// Name of the plugin.
    pub(crate) plugin: String,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which plugin to take out.
#[derive(Debug, Args)]
pub(crate) struct Removal {
    #[command(flatten)]
    pub(crate) change: SetChange,
    /// Take the plugins that need it out too; else it is refused while they are there.
    #[arg(long)]
    pub(crate) cascade: bool,
}

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
