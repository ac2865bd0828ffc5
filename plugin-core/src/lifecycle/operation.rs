//! Operations as values. The supervisor receives them from any sender and answers each with an
//! outcome. Operations that touch the same instances are carried out one after the other; other
//! operations run at the same time.

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

/// An operation that an operator can request. A plugin has its name from config, which stands for
/// all replicas of the section; a single replica is named with its number, such as
/// `hello-plugin@eu#2`.
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
        /// Whether the plugins that need it are stopped first. Without it, the operation is refused
        /// while such plugins run.
        cascade: bool,
    },
    /// Stop a plugin and start it again.
    Restart {
        /// Name of the plugin.
        plugin: String,
    },
    /// Read config again and apply the changes. Plugins whose config has not changed are not
    /// touched. Either all changes are applied, or none.
    Reload {
        /// The one plugin whose section is applied; `None` for all sections, including the
        /// manager's.
        plugin: Option<String>,
    },
    /// Load a plugin that is not under management, until the next start of the process.
    Load {
        /// Name of the plugin.
        plugin: String,
    },
    /// Stop a plugin and remove it from management, until it is loaded again or the process starts
    /// again.
    Unload {
        /// Name of the plugin.
        plugin: String,
        /// Whether the plugins that need it are unloaded too. Without it, the operation is refused
        /// if there are such plugins.
        cascade: bool,
    },
    /// Load a plugin now and at each start of the process.
    Enable {
        /// Name of the plugin.
        plugin: String,
    },
    /// Stop a plugin and remove it from management, now and at each start of the process.
    Disable {
        /// Name of the plugin.
        plugin: String,
        /// Whether the plugins that need it are removed too. Without it, the operation is refused
        /// if there are such plugins.
        cascade: bool,
    },
    /// Let config decide again whether a plugin is enabled, and forget the four operations above.
    Reset {
        /// Name of the plugin; `None` for all.
        plugin: Option<String>,
    },
    /// Set values in a plugin's section, or remove values that were set, now and for each start of
    /// the process. The config files are not changed.
    Configure {
        /// Name of the plugin.
        plugin: String,
        /// The values to set and to remove.
        edit: ConfigEdit,
    },
    /// Apply an older config in place of the files, until one of the files changes.
    Rollback {
        /// The number of its generation; `None` to read the files again.
        generation: Option<u64>,
    },
    /// Describe what an operation would do, without doing it.
    Plan(Box<Operation>),
    /// An operation on one schedule.
    Schedule {
        /// Name of the plugin.
        plugin: String,
        /// Name of the schedule.
        schedule: String,
        /// What to do with it.
        action: ScheduleAction,
    },
}

/// Values in the section of a plugin that are set or removed, all at once.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ConfigEdit {
    /// Values to set, by their keys in the section: `config.message`, `timeout`.
    pub set: BTreeMap<String, Value>,
    /// Keys whose values are removed, including values that were set below them.
    pub unset: Vec<String>,
    /// The [`Settings::revision`](crate::config::Settings::revision) of the section that the caller
    /// has seen. If the section has another revision by now, nothing is done.
    pub expected: Option<Digest>,
}

impl ConfigEdit {
    /// An edit without changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl fmt::Debug for ConfigEdit {
    /// Shows only keys, because values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigEdit")
            .field("set", &self.set.keys())
            .field("unset", &self.unset)
            .finish_non_exhaustive()
    }
}

/// An operation on a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScheduleAction {
    /// Pause it: no run begins until it is resumed.
    Pause,
    /// Resume it with its next due time.
    Resume,
    /// Begin a run now, without waiting for its end.
    Run,
    /// Cancel it permanently.
    Cancel,
}

impl ScheduleAction {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::Run, Self::Cancel];

    /// The word that operators use for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Run => "run",
            Self::Cancel => "cancel",
        }
    }

    /// The word for it in the audit log.
    pub(super) const fn audit_word(self) -> &'static str {
        match self {
            Self::Pause => "schedule.pause",
            Self::Resume => "schedule.resume",
            Self::Run => "schedule.run",
            Self::Cancel => "schedule.cancel",
        }
    }
}

/// An operation, the actor that requests it, and the channel for the answer.
#[derive(Debug)]
pub(super) struct OperationRequest {
    pub(super) operation: Operation,
    pub(super) actor: Actor,
    pub(super) answer: oneshot::Sender<Result<OperationOutcome, OperationError>>,
}

/// The actor that requests an operation, as the audit log names it.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// `operator`, or the name of a plugin.
    pub(super) name: &'static str,
    /// The user on whose behalf a plugin asks.
    pub(super) user: Option<Arc<str>>,
    /// The address of that user.
    pub(super) address: Option<Arc<str>>,
}

impl Actor {
    /// The owner of the running system itself.
    pub(super) const OWNER: Self = Self {
        name: "operator",
        user: None,
        address: None,
    };

    /// An entry of the audit log about an action of this actor.
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

/// The result of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct OperationOutcome {
    /// The plugins whose state changed, in the order of the changes.
    pub plugins: Vec<&'static str>,
    /// What a reload did to each instance that it changed, in that order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<InstanceChange>,
    /// Changed keys of the manager's section that are in effect now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub manager: Vec<String>,
    /// Changed keys of the manager's section that take effect only at the next start of the
    /// process.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<String>,
    /// The plugins that `enable` or `disable` turned on or off although their config says otherwise
    /// now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overridden: Vec<String>,
    /// Why the applied config could not be stored: it is not in the history, and a rollback to it is
    /// not possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_kept: Option<String>,
    /// The config that is in force in place of the files until one of them changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// Accepted events that the stopped plugins did not handle and that are now dead letters.
    pub dead_lettered: usize,
    /// Accepted events that are neither handled nor kept: see [`PluginStop::lost`].
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
            not_kept: None,
            rollback: None,
            dead_lettered: 0,
            lost: 0,
        }
    }

    /// Adds the events that stops left unhandled.
    pub(super) fn left<'a>(mut self, stops: impl IntoIterator<Item = &'a PluginStop>) -> Self {
        self.add_left(stops);
        self
    }

    /// Adds the events that stops left unhandled.
    pub(super) fn add_left<'a>(&mut self, stops: impl IntoIterator<Item = &'a PluginStop>) {
        for stop in stops {
            self.dead_lettered += stop.dead_lettered;
            self.lost += stop.lost;
        }
    }
}

impl Operation {
    /// The word in the audit log, and the plugin.
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

    /// Further details for the audit log.
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

/// Receives the answer to an operation.
pub(super) type Answer = oneshot::Receiver<Result<OperationOutcome, OperationError>>;
