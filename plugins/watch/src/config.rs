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
    /// The operating system notifies of changes; if it can't, this is the same as `poll`.
    #[default]
    Events,
    /// The files are checked every `watch_interval`. This is for network file systems, which do not
    /// notify of changes by other machines.
    Poll,
}
