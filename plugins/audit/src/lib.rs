//! `audit-plugin`: writes down who published what, and which deliveries failed.
//!
//! | | |
//! | --- | --- |
//! | config | [`AuditConfig`]: `topics`, `publishes`, `failures`, `data`, `redact`, `file` |
//! | intercepts | `publish` and `delivered` of the topics in its config |
//!
//! An entry is a line of JSON in `events.ndjson` below the plugin's directory. What another
//! interceptor refused is not published, and so not in it. The manager's own acts are in
//! `audit.ndjson`, which the kernel keeps.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod entry;
mod redaction;

pub use config::AuditConfig;
pub use plugin::AuditTrail;
