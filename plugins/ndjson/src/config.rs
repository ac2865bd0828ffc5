//! How much is kept.

use plugin_core::prelude::*;

/// How much is kept: `max_bytes` times `max_files`, plus at most one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FileConfig {
    /// Size in bytes at which a new file is begun.
    #[schemars(range(min = 4096, max = 1_099_511_627_776_u64))]
    pub max_bytes: u64,
    /// Number of files that are kept, including the current one; the oldest is removed first.
    #[schemars(range(min = 1, max = 1000))]
    pub max_files: u32,
    /// Most lines that wait to be written; further lines are lost and counted.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: usize,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024 * 1024,
            max_files: 4,
            queue: 8192,
        }
    }
}
