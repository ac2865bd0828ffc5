//! Settings of `queue-plugin`.

use std::path::{Path, PathBuf};

use plugin_core::config::{Period, check};
use plugin_core::prelude::*;

/// Settings of `queue-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct QueueConfig {
    /// Path of the file. A relative path is below the plugin's data directory; an absolute path can
    /// be anywhere. Neither may contain `..`.
    pub path: PathBuf,
    /// How long a commit waits for further events, at most `1s`; a stop ends the waiting.
    #[schemars(extend("x-min" = "0s", "x-max" = "1s"))]
    pub commit_interval: Period,
    /// Most events in one commit.
    #[schemars(range(min = 1, max = 65536))]
    pub max_batch: usize,
    /// Most events that wait in the file.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_events: u64,
    /// Most bytes of the data of these events.
    #[schemars(range(min = 1, max = 1_099_511_627_776_u64))]
    pub max_bytes: u64,
    /// What happens to a new event if there is no room.
    pub on_full: OnFull,
    /// Most dead letters. The oldest are dropped, and each is named in the log.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_dead_letters: u32,
    /// How many processes may crash after an event that may be the cause was handled again, before
    /// the event becomes a dead letter.
    #[schemars(range(min = 2, max = 1000))]
    pub max_crashes: u32,
}

impl Default for QueueConfig {
    fn default() -> Self {
        Self {
            path: "queue.db".into(),
            commit_interval: Period::millis(2),
            max_batch: 1024,
            max_events: 1_000_000,
            max_bytes: 1 << 30,
            on_full: OnFull::Wait,
            max_dead_letters: 10_000,
            max_crashes: 3,
        }
    }
}

plugin_core::checked!(QueueConfig, |config: &QueueConfig| check::path(
    "path",
    &config.path
));

impl QueueConfig {
    /// The path of the file.
    #[must_use]
    pub fn file(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(&self.path)
    }
}

/// What happens to a new event if there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFull {
    /// Publishers wait.
    Wait,
    /// Publishers get an error.
    Fail,
    /// The oldest events are dropped; each is counted and named in the log.
    DropOldest,
}
