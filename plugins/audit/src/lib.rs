//! `audit-plugin`: records who published what, and which deliveries failed.
//!
//! | | |
//! | --- | --- |
//! | config | [`AuditConfig`]: `topics`, `publishes`, `failures`, `data`, `redact`, `file` |
//! | intercepts | `publish` and `delivered` of the topics in its config |
//!
//! An entry is a line of JSON in `events.ndjson` below the plugin's directory. An event that
//! another interceptor refuses is not published, so it is not recorded. The manager's own actions
//! are in `audit.ndjson`, which the kernel writes.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod entry;
mod redaction;

pub use config::AuditConfig;
pub use plugin::AuditTrail;
