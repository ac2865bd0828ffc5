//! Settings of `hello-plugin`.

use plugin_core::prelude::*;

/// Settings of `hello-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HelloConfig {
    /// Text of the welcome.
    pub message: String,
    /// Most welcomes between a start and a stop; further logins are only logged.
    #[serde(default = "default_max_notifications")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub max_notifications: u64,
    /// How often a welcome is retried if no subscriber has room for it, with a pause that begins at
    /// 50 ms and doubles. After that, it counts as an error.
    #[serde(default = "default_retry_count")]
    #[schemars(range(min = 0, max = 10))]
    pub retry_count: u32,
}

fn default_max_notifications() -> u64 {
    1_000
}

fn default_retry_count() -> u32 {
    3
}
