//! Installs the `tracing` subscriber from config.
//!
//! Every line contains the plugin whose code wrote it and the event that it was handling. Lines of
//! a plugin without the right `logger: write` are dropped. A plugin whose lines should be visible
//! from the beginning declares `requires(plugin_logger::Logger = "^1")`.
//!
//! Data from strangers can neither forge a line nor fill the disk: characters that a terminal would
//! obey are escaped, long texts are cut, warnings and errors with the same cause are counted, and
//! the files are limited in size and number.
//!
//! The last lines are kept in memory, up to 2,000 lines or one megabyte; the service `LogTail`
//! returns them.
//!
//! Logging never waits: a separate thread writes the lines, and some megabytes of lines may wait
//! for it. The end of a system waits for this thread, up to a limit.

#![forbid(unsafe_code)]

mod collapse;
mod config;
mod fields;
mod install;
mod layer;
mod levels;
mod line;
mod sink;
mod tail;
mod writer;

pub use config::{
    CollapseConfig, Color, FileConfig, Format, Level, LoggerConfig, Output, Rotation,
};

use std::sync::{Arc, Mutex, PoisonError};

use plugin_contracts::{LogLine, LogTail};
use plugin_core::prelude::*;

use layer::Settings;

/// Writes what the plugins and the kernel log.
#[derive(Debug)]
pub struct Logger {
    data_dir: DataDir,
    settings: Mutex<Arc<Settings>>,
}

/// Writes what the plugins and the kernel log.
#[plugin(
    name = "logger-plugin",
    kind = system,
    provides(LogTail),
    singleton = "the log is of the process"
)]
impl Logger {
    #[init]
    fn init(Config(config): Config<LoggerConfig>, data_dir: DataDir) -> Result<Self> {
        let settings = install::apply(&config, data_dir.path())?;
        Ok(Self {
            data_dir,
            settings: Mutex::new(settings),
        })
    }

    #[reload]
    async fn reload(&self, Config(config): Config<LoggerConfig>) -> Result<()> {
        let settings = install::apply(&config, self.data_dir.path())?;
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    #[health]
    fn health(&self) -> Health {
        self.settings().sink.health()
    }

    fn settings(&self) -> Arc<Settings> {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&settings)
    }
}

#[service]
impl LogTail for Logger {
    fn after(&self, number: u64, most: usize) -> Vec<LogLine> {
        self.settings().tail.after(number, most)
    }

    fn last(&self) -> u64 {
        self.settings().tail.last()
    }

    async fn grown(&self, number: u64) {
        let tail = Arc::clone(&self.settings().tail);
        tail.grown(number).await;
    }
}
