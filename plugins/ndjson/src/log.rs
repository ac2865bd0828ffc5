//! A file of lines as a plugin keeps it: lines may come before `start` gives the writer a task.

use std::fmt;
use std::path::Path;
use std::sync::Mutex;

use plugin_core::prelude::*;

use crate::config::FileConfig;
use crate::lines::{Lines, Writer, open};

/// A file of lines.
pub struct Log<T> {
    lines: Lines<T>,
    /// Until it has a task.
    writer: Mutex<Option<Writer<T>>>,
}

impl<T: Serialize + Send + 'static> Log<T> {
    /// A file at a path. Nothing is opened before it begins to write.
    #[must_use]
    pub fn new(path: &Path, limits: FileConfig) -> Self {
        let (lines, writer) = open(path, limits);
        Self {
            lines,
            writer: Mutex::new(Some(writer)),
        }
    }

    /// Opens the file and begins to write, in a task that ends with the plugin's, after what was put
    /// in before.
    ///
    /// # Errors
    ///
    /// When it has begun before, the file can't be opened, or the plugin may spawn no more tasks.
    pub fn start(&self, tasks: &Tasks) -> Result<()> {
        let writer = self.writer.lock().ok().and_then(|mut writer| writer.take());
        let mut writer = writer.ok_or_else(|| Error::bug("started twice"))?;
        writer.open()?;
        let end = tasks.cancelled();
        tasks.spawn("writer", writer.run(end))?;
        Ok(())
    }

    /// Puts a line in, if there is room; else it is lost, and counted.
    pub fn write(&self, line: T) {
        self.lines.write(line);
    }

    /// How the file is: degraded while it can't be written.
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
