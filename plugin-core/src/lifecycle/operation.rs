//! Operations as values: the supervisor takes them, one after the other, from whoever sends them,
//! and answers with an outcome.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::dead_letters::DeadLetterOperations;
use super::kernel::Kernel;
use super::report::PluginStop;
use super::schedules::ScheduleAction;
use super::state::State;
use super::status::SystemStatus;
use crate::audit::{Entry, Outcome};
use crate::error::Error;
use crate::schedule::{ScheduleState, ScheduleStatus};

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

/// Sends operations to a running system; cheap to clone. It does not keep the system running.
#[derive(Debug, Clone)]
pub struct ManagerHandle {
    kernel: Arc<Kernel>,
    requests: mpsc::Sender<Request>,
}

impl ManagerHandle {
    pub(super) fn new(kernel: Arc<Kernel>, requests: mpsc::Sender<Request>) -> Self {
        Self { kernel, requests }
    }

    /// Starts a plugin that was stopped or has failed.
    ///
    /// # Errors
    ///
    /// When it runs already, needs plugins that do not run, or fails.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn start(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.send(Operation::Start {
            plugin: plugin.to_owned(),
        })
        .await
    }

    /// Stops a plugin that no running plugin needs.
    ///
    /// # Errors
    ///
    /// When it does not run, or others need it: [`ManagerHandle::stop_cascade`] stops them too.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn stop(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.send(Operation::Stop {
            plugin: plugin.to_owned(),
            cascade: false,
        })
        .await
    }

    /// Stops a plugin after all the plugins that need it.
    ///
    /// # Errors
    ///
    /// When it does not run.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn stop_cascade(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.send(Operation::Stop {
            plugin: plugin.to_owned(),
            cascade: true,
        })
        .await
    }

    /// Stops a plugin and starts it again. Plugins that use its services go on: their handles
    /// lead to the new instance once it runs.
    ///
    /// # Errors
    ///
    /// When it neither runs nor could be started, or fails.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn restart(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.send(Operation::Restart {
            plugin: plugin.to_owned(),
        })
        .await
    }

    /// Looks at, replays and drops events that handlers failed with for good.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetterOperations {
        DeadLetterOperations::new(Arc::clone(&self.kernel))
    }

    /// Halts a schedule: until [`ManagerHandle::resume_schedule`], also through restarts of the
    /// plugin, no run of it begins. One that goes on is left alone, those that wait are skipped.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, or it is paused, finished or ended.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn pause_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate(plugin, schedule, ScheduleAction::Pause).await
    }

    /// Goes on with a schedule that was paused, with its next due time: nothing makes up for those
    /// that have passed. What is due once and has passed is due at once.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, or it is not paused.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn resume_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate(plugin, schedule, ScheduleAction::Resume).await
    }

    /// Begins a run of a schedule now, also of one that is paused, finished or disabled. It does
    /// not count for `max_runs`; what is due once is not due again. It does not wait for the end
    /// of the run.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, it was ended, its plugin does not run, or a run
    /// goes on and another one may not overlap it.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn run_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate(plugin, schedule, ScheduleAction::Run).await
    }

    /// Ends a schedule for good: a declared one as long as the system lives, also through restarts
    /// of the plugin. A run that goes on is left alone.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, or it was ended before.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn cancel_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate(plugin, schedule, ScheduleAction::Cancel).await
    }

    async fn operate(
        &self,
        plugin: &str,
        schedule: &str,
        action: ScheduleAction,
    ) -> Result<OperationOutcome, OperationError> {
        self.send(Operation::Schedule {
            plugin: plugin.to_owned(),
            schedule: schedule.to_owned(),
            action,
        })
        .await
    }

    /// Every schedule and how it does.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel.schedules()
    }

    /// The state of each plugin and of the whole.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel.status()
    }

    async fn send(&self, operation: Operation) -> Result<OperationOutcome, OperationError> {
        let (answer, answered) = oneshot::channel();
        let request = Request { operation, answer };
        if self.requests.send(request).await.is_err() {
            return Err(OperationError::Stopping);
        }
        answered.await.unwrap_or(Err(OperationError::Stopping))
    }
}
