//! A file of lines for a plugin. Lines may be written before `start` gives the writer a task.

use std::fmt;
use std::path::Path;
use std::sync::Mutex;

use plugin_core::prelude::*;

use crate::config::FileConfig;
use crate::lines::{Lines, Writer, open};

/// A file of lines.
pub struct Log<T> {
    lines: Lines<T>,
    /// Present until it has a task.
    writer: Mutex<Option<Writer<T>>>,
}

impl<T: Serialize + Send + 'static> Log<T> {
    /// A file at a path. Nothing is opened until it starts to write.
    #[must_use]
    pub fn new(path: &Path, limits: FileConfig) -> Self {
        let (lines, writer) = open(path, limits);
        Self {
            lines,
            writer: Mutex::new(Some(writer)),
        }
    }

    /// Opens the file and starts to write, in a task that ends with the plugin. Lines that were
    /// added before are written first.
    ///
    /// # Errors
    ///
    /// Returns an error if it has started already, if the file can't be opened, or if the plugin
    /// may spawn no more tasks.
    pub fn start(&self, tasks: &Tasks) -> Result<()> {
        let writer = self.writer.lock().ok().and_then(|mut writer| writer.take());
        let mut writer = writer.ok_or_else(|| Error::bug("started twice"))?;
        writer.open()?;
        let end = tasks.cancelled();
        tasks.spawn("writer", writer.run(end))?;
        Ok(())
    }

    /// Adds a line if there is room; otherwise the line is lost and counted.
    pub fn write(&self, line: T) {
        self.lines.write(line);
    }

    /// The health of the file: degraded while it can't be written.
    #[must_use]
    pub fn health(&self) -> Health {
        self.lines.health()
    }
}

impl<T> fmt::Debug for Log<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Log").field(&self.lines).finish()
    }
}
