//! Installs the `tracing` subscriber from config.
//!
//! Every line carries the plugin whose code wrote it and the event that it was handling. Lines of
//! a plugin that lacks the right `logger: write` are dropped. A plugin that wants its lines to be
//! seen from the first on says `requires(plugin_logger::Logger = "^1")`.

#![forbid(unsafe_code)]

mod config;
mod fields;
mod install;
mod layer;
mod levels;
mod line;
mod sink;

pub use config::{Color, FileConfig, Format, Level, LoggerConfig, Output, Rotation};

use plugin_core::prelude::*;

/// Writes what the plugins and the kernel log.
#[derive(Debug)]
pub struct Logger {
    data_dir: DataDir,
}

/// Writes what the plugins and the kernel log.
#[plugin(name = "logger-plugin", kind = system)]
impl Logger {
    #[init]
    fn init(Config(config): Config<LoggerConfig>, data_dir: DataDir) -> Result<Self> {
        install::apply(&config, data_dir.path())?;
        Ok(Self { data_dir })
    }

    #[reload]
    async fn reload(&self, Config(config): Config<LoggerConfig>) -> Result<()> {
        install::apply(&config, self.data_dir.path())
    }
}
