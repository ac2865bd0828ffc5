//! Settings of `queue-plugin`.

use std::path::{Path, PathBuf};

use plugin_core::config::{Period, check};
use plugin_core::prelude::*;

/// Settings of `queue-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct QueueConfig {
    /// The file; a relative path is below the plugin's data directory. An absolute one may lead
    /// anywhere; neither has a `..` in it.
    pub path: PathBuf,
    /// How long a commit waits for more to come, at most `1s`; a stop cuts it short.
    #[schemars(extend("x-min" = "0s", "x-max" = "1s"))]
    pub commit_interval: Period,
    /// Most events of one commit.
    #[schemars(range(min = 1, max = 65536))]
    pub max_batch: usize,
    /// Most events that wait in the file.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub max_events: u64,
    /// Most bytes of their data.
    #[schemars(range(min = 1, max = 1_099_511_627_776_u64))]
    pub max_bytes: u64,
    /// What happens to a new event when there is no room.
    pub on_full: OnFull,
    /// Most dead letters; the oldest give way, each named in the log.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_dead_letters: u32,
    /// How many processes may crash after an event that may be the cause was called again, before
    /// it becomes a dead letter.
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
    /// Where the file is.
    #[must_use]
    pub fn file(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(&self.path)
    }
}

/// What happens to a new event when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFull {
    /// Publishers wait.
    Wait,
    /// Publishers get an error.
    Fail,
    /// The oldest events give way; each is counted and named in the log.
    DropOldest,
}
