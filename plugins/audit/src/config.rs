//! Settings of `audit-plugin`.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::FileConfig;

/// Settings of `audit-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// Patterns of the topics whose events are recorded.
    pub topics: Vec<Pattern>,
    /// Whether each published event is recorded.
    pub publishes: bool,
    /// Whether each failed delivery is recorded.
    pub failures: bool,
    /// Whether the entry of a published event contains the event's data.
    pub data: bool,
    /// Names of fields whose values are replaced by `***`, at any depth.
    pub redact: Vec<String>,
    /// How much is kept.
    pub file: FileConfig,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            publishes: true,
            failures: true,
            data: false,
            redact: ["password", "secret", "token"].map(str::to_owned).to_vec(),
            file: FileConfig::default(),
        }
    }
}
