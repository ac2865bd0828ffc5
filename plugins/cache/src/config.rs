//! Settings of `cache-plugin`.

use plugin_core::config::Period;
use plugin_core::prelude::*;

/// Settings of `cache-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Most values at once.
    #[schemars(range(min = 1))]
    pub max_entries: u64,
    /// Longest time that a value is kept, whatever is asked for.
    pub max_ttl: Period,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            max_entries: 100_000,
            max_ttl: Period::seconds(24 * 60 * 60),
        }
    }
}
