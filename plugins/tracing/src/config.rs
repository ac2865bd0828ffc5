//! Settings of `tracing-plugin`.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::FileConfig;

/// Settings of `tracing-plugin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TracingConfig {
    /// Patterns of the topics whose events are traced.
    pub topics: Vec<Pattern>,
    /// Which part of the traces is written, from 0 to 1: a trace as a whole, or nothing of it.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ratio: f64,
    /// How much is kept.
    pub file: FileConfig,
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            ratio: 1.0,
            file: FileConfig::default(),
        }
    }
}
