//! The part of a status that describes config: the running config and the last attempt to apply
//! one.

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::Rollback;
use crate::digest::Digest;
use crate::timestamp::Timestamp;

/// The running config, and the last attempt to apply a config.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ConfigStatus {
    /// The running config; `None` until the start is complete.
    pub running: Option<RunningConfig>,
    /// The last attempt since the start to apply another config, whatever its result.
    pub last_attempt: Option<ConfigAttempt>,
    /// The config that holds in the place of the files until one of them changes, also at the next
    /// start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
}

/// A running config.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct RunningConfig {
    /// The number of its generation; `None` if it was not kept.
    pub generation: Option<u64>,
    /// A digest of the names and texts of its files and of the names of the variables.
    pub digest: Digest,
    /// The actor that applied it.
    pub by: String,
    /// The time at which it was applied.
    pub at: Timestamp,
}

/// An attempt to apply a config.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ConfigAttempt {
    /// The requested operation, such as `reload` or `config.set`.
    pub operation: &'static str,
    /// The plugin that the operation names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The actor that requested it.
    pub by: String,
    /// The time at which it ended.
    pub at: Timestamp,
    /// The result.
    pub outcome: ReloadOutcome,
    /// The reason why the config was not applied, with all mistakes of an invalid config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The result of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// The config was applied.
    Applied,
    /// The config was refused before anything was changed.
    Refused,
    /// A plugin failed with the new config, and the old config was restored.
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
