//! Settings of `cache-plugin`.

use plugin_core::config::Period;
use plugin_core::prelude::*;

/// Settings of `cache-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// Most values at the same time.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_entries: u64,
    /// Longest time for which a value is kept, even if a longer time is requested.
    #[schemars(extend("x-min" = "1ms", "x-max" = "365d"))]
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
