//! Writes and reads files below a root, for the plugins that may use it.
//!
//! It provides `FileStore`. Its own `permissions` decide whether it may read and write, and where
//! below its directory: `file`, or `file:exports/`. A path that leads out is refused, and so is
//! data above `max_bytes`.

#![forbid(unsafe_code)]

mod config;
mod plugin;

pub use config::FileConfig;
pub use plugin::FilePlugin;
