//! Operations as values: the supervisor takes them, one after the other, from whoever sends them,
//! and answers with an outcome.

mod error;

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::oneshot;

use super::kernel::Kernel;
use super::report::PluginStop;
use super::schedules::ScheduleAction;
use crate::audit::{Entry, Outcome};

pub use error::OperationError;

/// What an operator can ask for. A plugin is named as in config, which stands for all its
/// instances, or with the number of one of them, as in `hello-plugin#2`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Start a plugin that was stopped or has failed.
    Start {
        /// Name of the plugin.
        plugin: String,
    },
    /// Stop a plugin.
    Stop {
        /// Name of the plugin.
        plugin: String,
        /// Whether the plugins that need it are stopped first; else it is refused while they run.
        cascade: bool,
    },
    /// Stop a plugin and start it again.
    Restart {
        /// Name of the plugin.
        plugin: String,
    },
    /// What concerns one schedule.
    Schedule {
        /// Name of the plugin.
        plugin: String,
        /// Name of the schedule.
        schedule: String,
        /// What to do with it.
        action: ScheduleAction,
    },
}

/// An operation, who asks for it, and where its answer goes.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) actor: Actor,
    pub(super) answer: oneshot::Sender<Result<OperationOutcome, OperationError>>,
}

/// Who asks for an operation, as the audit log names them.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// `operator`, or a plugin.
    pub(super) name: &'static str,
    /// For whom a plugin asks.
    pub(super) user: Option<Arc<str>>,
}

impl Actor {
    /// Who holds the running system itself.
    pub(super) const OWNER: Self = Self {
        name: "operator",
        user: None,
    };
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

impl Operation {
    /// The word of the audit log, and the plugin.
    fn target(&self) -> (&'static str, &str) {
        match self {
            Self::Start { plugin } => ("start", plugin),
            Self::Stop { plugin, .. } => ("stop", plugin),
            Self::Restart { plugin } => ("restart", plugin),
            Self::Schedule { plugin, action, .. } => (action.audit_word(), plugin),
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

/// Where the answer to an operation comes.
pub(super) type Answer = oneshot::Receiver<Result<OperationOutcome, OperationError>>;

impl Kernel {
    /// Sends an operation to the supervisor, which carries it out whether or not somebody waits.
    pub(super) async fn submit(
        &self,
        operation: Operation,
        actor: Actor,
    ) -> Result<Answer, OperationError> {
        let (answer, answered) = oneshot::channel();
        let request = Request {
            operation,
            actor,
            answer,
        };
        match self.requests.send(request).await {
            Ok(()) => Ok(answered),
            Err(_) => Err(OperationError::Stopping),
        }
    }

    /// Puts what somebody asked for into the audit log, also when it was refused.
    pub(super) fn audit_operation(
        &self,
        operation: &Operation,
        actor: &Actor,
        outcome: Result<&OperationOutcome, &OperationError>,
    ) {
        let (action, plugin) = operation.target();
        let said = match outcome {
            Ok(_) => Outcome::Done,
            Err(OperationError::Failed { .. }) => Outcome::Failed,
            Err(_) => Outcome::Denied,
        };
        let mut entry = Entry::new(actor.name, action, said).plugin(plugin.to_owned());
        if let Some(user) = &actor.user {
            entry = entry.user(&**user);
        }
        self.audit.record(match (outcome, operation.detail()) {
            (Ok(_), None) => entry,
            (Ok(_), Some(detail)) => entry.detail(detail),
            (Err(error), _) => entry.detail(error.to_string()),
        });
    }
}
