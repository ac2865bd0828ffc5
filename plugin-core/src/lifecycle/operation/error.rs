//! Why an operation was not carried out.

use std::fmt;

use crate::error::Error;
use crate::lifecycle::configure_error::ConfigureError;
use crate::lifecycle::state::State;
use crate::nearest::nearest;
use crate::schedule::ScheduleState;

/// Why an operation was not carried out.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationError {
    /// No plugin of that name runs or could run: it is not in the build, or config turned it off.
    Unknown {
        /// The name.
        plugin: String,
        /// The plugins under management.
        known: Vec<&'static str>,
    },
    /// The plugin is in a state that does not allow it.
    State {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its state.
        state: State,
    },
    /// Plugins that run can't be without it.
    Needed {
        /// Name of the plugin.
        plugin: &'static str,
        /// Who needs it.
        by: Vec<&'static str>,
    },
    /// Plugins that are under management, whether or not they run, can't be without it.
    Required {
        /// Name of the plugin.
        plugin: &'static str,
        /// Who can't be without it.
        by: Vec<&'static str>,
    },
    /// It can't be without plugins that do not run.
    Needs {
        /// Name of the plugin.
        plugin: &'static str,
        /// What it needs.
        missing: Vec<&'static str>,
    },
    /// The plugin failed on the way.
    Failed {
        /// Name of the plugin.
        plugin: &'static str,
        /// What happened.
        error: Error,
    },
    /// The plugin has no schedule of that name.
    UnknownSchedule {
        /// Name of the plugin.
        plugin: &'static str,
        /// The name.
        schedule: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// The schedule is in a state that does not allow it.
    ScheduleState {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the schedule.
        schedule: String,
        /// Its state.
        state: ScheduleState,
    },
    /// The schedule runs, and its runs do not overlap.
    ScheduleRuns {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the schedule.
        schedule: String,
    },
    /// The plugin that asks does not run, or not yet: see [`Operator`](crate::lifecycle::Operator).
    AskerState {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its state.
        state: State,
    },
    /// Config that was read again is wrong; what held before goes on.
    Config(ConfigureError),
    /// Config could not be read or written at all.
    Unreadable(String),
    /// A plugin failed with the new config, so what held before holds again.
    RolledBack {
        /// Name of the plugin.
        plugin: &'static str,
        /// What happened.
        error: Error,
        /// The plugins that failed to come up again with the config of before.
        failed: Vec<&'static str>,
    },
    /// No dry run of this operation can be made.
    NoPlan(&'static str),
    /// The system is stopping or has stopped.
    Stopping,
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { plugin, known } => {
                write!(f, "no plugin `{plugin}` is under management")?;
                match nearest(plugin, known.iter().copied()) {
                    Some(meant) => write!(f, "; did you mean `{meant}`?"),
                    None => Ok(()),
                }
            }
            Self::State { plugin, state } => write!(f, "`{plugin}` is {state}"),
            Self::Needed { plugin, by } => write!(
                f,
                "`{plugin}` is needed by `{}`, which run: stop them first, or stop with cascade",
                by.join("`, `")
            ),
            Self::Required { plugin, by } => write!(
                f,
                "`{plugin}` can't go while `{}` stay, which can't be without it: use cascade to have them go too",
                by.join("`, `")
            ),
            Self::Needs { plugin, missing } => write!(
                f,
                "`{plugin}` needs `{}`, which do not run: start them first",
                missing.join("`, `")
            ),
            Self::Failed { plugin, error } => write!(f, "`{plugin}` failed: {error}"),
            Self::UnknownSchedule {
                plugin,
                schedule,
                known,
            } if known.is_empty() => {
                write!(f, "`{plugin}` has no schedule `{schedule}`, and no other")
            }
            Self::UnknownSchedule {
                plugin,
                schedule,
                known,
            } => write!(
                f,
                "`{plugin}` has no schedule `{schedule}`: it has `{}`",
                known.join("`, `")
            ),
            Self::ScheduleState {
                plugin,
                schedule,
                state,
            } => write!(f, "schedule `{schedule}` of `{plugin}` is {state}"),
            Self::ScheduleRuns { plugin, schedule } => write!(
                f,
                "schedule `{schedule}` of `{plugin}` runs, and its runs do not overlap: wait for its end"
            ),
            Self::AskerState { plugin, state } => write!(
                f,
                "`{plugin}` is {state}: it can operate the system only while it runs"
            ),
            Self::Config(error) => {
                write!(
                    f,
                    "the config is not taken over, what held before goes on:\n{error}"
                )
            }
            Self::Unreadable(what) => f.write_str(what),
            Self::RolledBack {
                plugin,
                error,
                failed,
            } => {
                write!(
                    f,
                    "the config is not taken over, what held before holds again: `{plugin}` failed with the new one: {error}"
                )?;
                match &**failed {
                    [] => Ok(()),
                    failed => write!(
                        f,
                        "; of the plugins that were changed back, `{}` failed to come up again",
                        failed.join("`, `")
                    ),
                }
            }
            Self::NoPlan(operation) => write!(f, "`{operation}` has no dry run"),
            Self::Stopping => f.write_str("the system is stopping"),
        }
    }
}

impl std::error::Error for OperationError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } | Self::RolledBack { error, .. } => Some(error.as_dyn()),
            Self::Config(error) => Some(error),
            _ => None,
        }
    }
}
