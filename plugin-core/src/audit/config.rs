//! How much is kept of the audit log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is kept of the audit log: `max_bytes` times `max_files`, and what is written at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuditConfig {
    /// Size at which a new file is begun, in bytes.
    #[schemars(range(min = 65_536, max = 1_099_511_627_776_u64))]
    pub max_bytes: u64,
    /// Files that are kept, the current one included; the oldest goes first.
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
