//! What an observer sees of config: the one that runs, and the last that somebody tried.

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Rollback;
use crate::digest::Digest;
use crate::timestamp::Timestamp;

/// The config that runs, and the last that somebody tried to have applied, side by side.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ConfigStatus {
    /// The one that runs; nothing before the start is done.
    pub running: Option<RunningConfig>,
    /// The last attempt to apply another one since the start, whatever came of it.
    pub last_attempt: Option<ConfigAttempt>,
    /// The config that holds in the place of the files until one of them changes, also at the next
    /// start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
}

/// A config that runs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RunningConfig {
    /// The number under which it is kept; nothing, if it is not.
    pub generation: Option<u64>,
    /// What tells it from others: the names and texts of its files, and the names of variables.
    pub digest: Digest,
    /// Who had it applied.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An attempt to apply a config.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ConfigAttempt {
    /// The operation that was asked for: `reload`, `config.set`.
    pub operation: &'static str,
    /// The plugin that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Who asked for it.
    pub by: String,
    /// When it ended.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: ReloadOutcome,
    /// Why it was not applied, with all mistakes of a config that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What came of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// It was taken over.
    Applied,
    /// It was refused before anything was changed.
    Refused,
    /// A plugin failed with it, and what held before holds again.
    RolledBack,
}

impl ReloadOutcome {
    /// The word that operators read.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Refused => "refused",
            Self::RolledBack => "rolled_back",
        }
    }
}
