//! Operations as values: the supervisor takes them, one after the other, from whoever sends them,
//! and answers with an outcome.

use std::fmt;

use serde::Serialize;
use tokio::sync::oneshot;

use super::kernel::Kernel;
use super::report::PluginStop;
use super::schedules::ScheduleAction;
use super::state::State;
use crate::audit::{Entry, Outcome};
use crate::error::Error;
use crate::schedule::ScheduleState;

/// What an operator can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    Start {
        plugin: String,
    },
    Stop {
        plugin: String,
        cascade: bool,
    },
    Restart {
        plugin: String,
    },
    Schedule {
        plugin: String,
        schedule: String,
        action: ScheduleAction,
    },
}

/// An operation and where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) answer: oneshot::Sender<Result<OperationOutcome, OperationError>>,
}

/// What an operation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OperationOutcome {
    /// The plugins whose state changed, in the order in which it did.
    pub plugins: Vec<&'static str>,
    /// Accepted events that the plugins it stopped did not come to: they are in the dead letters.
    pub dead_lettered: usize,
    /// Accepted events that are neither handled nor there: see [`PluginStop::lost`].
    pub lost: usize,
}

impl OperationOutcome {
    pub(super) fn of(plugins: Vec<&'static str>) -> Self {
        Self {
            plugins,
            dead_lettered: 0,
            lost: 0,
        }
    }

    /// Adds what a stop left behind.
    pub(super) fn left<'a>(mut self, stops: impl IntoIterator<Item = &'a PluginStop>) -> Self {
        for stop in stops {
            self.dead_lettered += stop.dead_lettered;
            self.lost += stop.lost;
        }
        self
    }
}

/// Why an operation was not carried out.
#[derive(Debug)]
#[non_exhaustive]
pub enum OperationError {
    /// No plugin of that name runs or could run: it is not in the build, or config turned it off.
    Unknown(String),
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
    /// The system is stopping or has stopped.
    Stopping,
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "no plugin `{name}` is under management"),
            Self::State { plugin, state } => write!(f, "`{plugin}` is {state}"),
            Self::Needed { plugin, by } => write!(
                f,
                "`{plugin}` is needed by `{}`, which run: stop them first, or stop with cascade",
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
            Self::Stopping => f.write_str("the system is stopping"),
        }
    }
}

impl std::error::Error for OperationError {}

impl Operation {
    /// The word of the audit log, and the plugin.
    fn target(&self) -> (&'static str, &str) {
        match self {
            Self::Start { plugin } => ("start", plugin),
            Self::Stop { plugin, .. } => ("stop", plugin),
            Self::Restart { plugin } => ("restart", plugin),
            Self::Schedule { plugin, action, .. } => (action.as_str(), plugin),
        }
    }

    /// What else the audit log says of it.
    fn detail(&self) -> Option<&str> {
        match self {
            Self::Schedule { schedule, .. } => Some(schedule),
            _ => None,
        }
    }
}

impl Kernel {
    /// Puts what an operator asked for into the audit log, also when it was refused.
    pub(super) fn audit_operation(
        &self,
        operation: &Operation,
        outcome: &Result<OperationOutcome, OperationError>,
    ) {
        let (action, plugin) = operation.target();
        let said = match outcome {
            Ok(_) => Outcome::Done,
            Err(OperationError::Failed { .. }) => Outcome::Failed,
            Err(_) => Outcome::Denied,
        };
        let entry = Entry::new("operator", action, said).plugin(plugin.to_owned());
        self.audit.record(match (outcome, operation.detail()) {
            (Ok(_), None) => entry,
            (Ok(_), Some(detail)) => entry.detail(detail),
            (Err(error), _) => entry.detail(error.to_string()),
        });
    }
}
