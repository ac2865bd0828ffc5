//! Writes and reads files below a root, for the plugins that may use it.
//!
//! It provides `FileStore`. Whether it may read and write, and where below its directory, its
//! `permissions` say: `file`, or `file:exports/`. A path that leads out is refused, and so is
//! data beyond `max_bytes`.

#![forbid(unsafe_code)]

mod config;
mod plugin;

pub use config::FileConfig;
pub use plugin::FilePlugin;
