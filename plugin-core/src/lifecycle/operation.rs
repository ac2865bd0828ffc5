//! Operations as values: the supervisor takes them from whoever sends them, carries out those that
//! touch the same instances one after the other and the others side by side, and answers with an
//! outcome.

mod error;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;

use super::reload::InstanceChange;
use super::report::PluginStop;

use crate::audit::{Entry, Outcome};
use crate::config::Rollback;
use crate::digest::Digest;

pub use error::OperationError;

/// What an operator can ask for. A plugin is named as in config, which stands for all
/// replicas that share the section, or with the number of one of them, as in `hello-plugin@eu#2`.
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
    /// Read config again, and take over what has changed: plugins for which nothing has are not
    /// touched. All of it is taken over, or nothing.
    Reload {
        /// The one plugin whose section is taken over; `None` for all, and the manager's own.
        plugin: Option<String>,
    },
    /// Bring in a plugin that is not under management, until the next start of the process.
    Load {
        /// Name of the plugin.
        plugin: String,
    },
    /// Stop a plugin and forget it, until it is loaded again or the process starts again.
    Unload {
        /// Name of the plugin.
        plugin: String,
        /// Whether the plugins that can't be without it go too; else it is refused.
        cascade: bool,
    },
    /// Bring in a plugin, now and at each start of the process.
    Enable {
        /// Name of the plugin.
        plugin: String,
    },
    /// Stop a plugin and forget it, now and at each start of the process.
    Disable {
        /// Name of the plugin.
        plugin: String,
        /// Whether the plugins that can't be without it go too; else it is refused.
        cascade: bool,
    },
    /// Have config decide again whether a plugin is on: forget what the four operations above said.
    Reset {
        /// Name of the plugin; `None` for all.
        plugin: Option<String>,
    },
    /// Set values of a plugin's section, or forget what was set, now and at each start of the process:
    /// the config files stay as they are.
    Configure {
        /// Name of the plugin.
        plugin: String,
        /// What is set, and what is forgotten.
        edit: ConfigEdit,
    },
    /// Have an older config hold in the place of the files, until one of them changes.
    Rollback {
        /// Its number; `None` to have the files count again.
        generation: Option<u64>,
    },
    /// Say what an operation would do, and do nothing.
    Plan(Box<Operation>),
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

/// Values that are set in the section of a plugin, or forgotten, all at once.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ConfigEdit {
    /// Values by their keys in the section: `config.message`, `timeout`.
    pub set: BTreeMap<String, Value>,
    /// Keys of values that were set and do not hold any more, with what is below them.
    pub unset: Vec<String>,
    /// What [`Settings::revision`](crate::config::Settings::revision) said of the section; if it is
    /// another one by now, nothing is done.
    pub expected: Option<Digest>,
}

impl ConfigEdit {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for ConfigEdit {
    /// Keys only: values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigEdit")
            .field("set", &self.set.keys())
            .field("unset", &self.unset)
            .finish_non_exhaustive()
    }
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
pub(super) struct OperationRequest {
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
    /// Where that user comes from.
    pub(super) address: Option<Arc<str>>,
}

impl Actor {
    /// Who holds the running system itself.
    pub(super) const OWNER: Self = Self {
        name: "operator",
        user: None,
        address: None,
    };

    /// An entry of the audit log about what they did.
    pub(super) fn entry(&self, action: &'static str, outcome: Outcome) -> Entry {
        let mut entry = Entry::new(self.name, action, outcome);
        if let Some(user) = &self.user {
            entry = entry.user(&**user);
        }
        if let Some(address) = &self.address {
            entry = entry.address(&**address);
        }
        entry
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.user {
            Some(user) => write!(f, "{user} by {}", self.name),
            None => f.write_str(self.name),
        }
    }
}

/// What an operation did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OperationOutcome {
    /// The plugins whose state changed, in the order in which it did.
    pub plugins: Vec<&'static str>,
    /// What a reload did to each instance that it concerned, in that order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<InstanceChange>,
    /// Keys of the manager's section that have changed and are in force from now on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub manager: Vec<String>,
    /// Keys of the manager's section that have changed and that only the next start of the process
    /// takes over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<String>,
    /// The plugins that `enable` or `disable` turned on or off although their config says otherwise
    /// by now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
    /// The config that holds in the place of the files until one of them changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// Accepted events that the plugins it stopped did not come to: they are in the dead letters.
    pub dead_lettered: usize,
    /// Accepted events that are neither handled nor there: see [`PluginStop::lost`].
    pub lost: usize,
}

impl OperationOutcome {
    pub(super) fn of(plugins: Vec<&'static str>) -> Self {
        Self {
            plugins,
            changes: Vec::new(),
            manager: Vec::new(),
            later: Vec::new(),
            overridden: Vec::new(),
            rollback: None,
            dead_lettered: 0,
            lost: 0,
        }
    }

    /// Adds what a stop left behind.
    pub(super) fn left<'a>(mut self, stops: impl IntoIterator<Item = &'a PluginStop>) -> Self {
        self.add_left(stops);
        self
    }

    /// Adds what a stop left behind.
    pub(super) fn add_left<'a>(&mut self, stops: impl IntoIterator<Item = &'a PluginStop>) {
        for stop in stops {
            self.dead_lettered += stop.dead_lettered;
            self.lost += stop.lost;
        }
    }
}

impl Operation {
    /// The word of the audit log, and the plugin.
    pub(super) fn target(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Start { plugin } => ("start", Some(plugin)),
            Self::Stop { plugin, .. } => ("stop", Some(plugin)),
            Self::Restart { plugin } => ("restart", Some(plugin)),
            Self::Reload { plugin } => ("reload", plugin.as_deref()),
            Self::Load { plugin } => ("load", Some(plugin)),
            Self::Unload { plugin, .. } => ("unload", Some(plugin)),
            Self::Enable { plugin } => ("enable", Some(plugin)),
            Self::Disable { plugin, .. } => ("disable", Some(plugin)),
            Self::Reset { plugin } => ("reset", plugin.as_deref()),
            Self::Configure { plugin, .. } => ("config.set", Some(plugin)),
            Self::Rollback { .. } => ("config.rollback", None),
            Self::Plan(operation) => ("plan", operation.target().1),
            Self::Schedule { plugin, action, .. } => (action.audit_word(), Some(plugin)),
        }
    }

    /// What else the audit log says of it.
    pub(super) fn detail(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Schedule { schedule, .. } => Some(schedule.into()),
            Self::Plan(operation) => Some(operation.target().0.into()),
            Self::Configure { edit, .. } => {
                let keys = edit.set.keys().map(|key| format!("set {key}"));
                let unset = edit.unset.iter().map(|key| format!("unset {key}"));
                let keys: Vec<_> = keys.chain(unset).collect();
                Some(keys.join(", ").into())
            }
            Self::Rollback { generation } => Some(match generation {
                Some(number) => format!("to {number}").into(),
                None => "to the files".into(),
            }),
            _ => None,
        }
    }
}

/// Where the answer to an operation comes.
pub(super) type Answer = oneshot::Receiver<Result<OperationOutcome, OperationError>>;
