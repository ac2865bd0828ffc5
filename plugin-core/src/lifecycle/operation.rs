//! Operations as values: the supervisor takes them from whoever sends them, carries out those that
//! touch the same instances one after the other and the others side by side, and answers with an
//! outcome.

mod error;

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::oneshot;

use super::report::PluginStop;

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

/// What an operator can ask of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScheduleAction {
    /// Halt it: no run of it begins until it is resumed.
    Pause,
    /// Go on with it, with its next due time.
    Resume,
    /// Begin a run now, and don't wait for its end.
    Run,
    /// End it for good.
    Cancel,
}

impl ScheduleAction {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::Run, Self::Cancel];

    /// The word that operators use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Run => "run",
            Self::Cancel => "cancel",
        }
    }

    /// The word of the audit log.
    pub(super) const fn audit_word(self) -> &'static str {
        match self {
            Self::Pause => "schedule.pause",
            Self::Resume => "schedule.resume",
            Self::Run => "schedule.run",
            Self::Cancel => "schedule.cancel",
        }
    }
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
    pub(super) fn target(&self) -> (&'static str, &str) {
        match self {
            Self::Start { plugin } => ("start", plugin),
            Self::Stop { plugin, .. } => ("stop", plugin),
            Self::Restart { plugin } => ("restart", plugin),
            Self::Schedule { plugin, action, .. } => (action.audit_word(), plugin),
        }
    }

    /// What else the audit log says of it.
    pub(super) fn detail(&self) -> Option<&str> {
        match self {
            Self::Schedule { schedule, .. } => Some(schedule),
            _ => None,
        }
    }
}

/// Where the answer to an operation comes.
pub(super) type Answer = oneshot::Receiver<Result<OperationOutcome, OperationError>>;
