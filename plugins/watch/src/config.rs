//! Settings of `watch-plugin`.

use plugin_core::prelude::*;

/// Settings of `watch-plugin`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WatchConfig {
    /// How it notices that files have changed.
    pub mode: Mode,
}

/// How it notices that files have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The operating system tells; where it can't, as `poll`.
    #[default]
    Events,
    /// It looks at the files every `watch_interval`: for file systems of a network, which tell
    /// nothing of what other machines write.
    Poll,
}
