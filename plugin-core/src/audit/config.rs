//! How much of the audit log is kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of the audit log is kept: `max_bytes` times `max_files`, plus the entries that are
/// written at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Size in bytes at which a new file is begun.
    #[schemars(range(min = 65_536, max = 1_099_511_627_776_u64))]
    pub max_bytes: u64,
    /// Number of files that are kept, including the current one; the oldest is removed first.
    #[schemars(range(min = 1, max = 1000))]
    pub max_files: u32,
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024 * 1024,
            max_files: 8,
        }
    }
}
