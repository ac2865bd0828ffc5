//! The files of a [`Log`](crate::Log), which a thread that may block writes.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use plugin_core::{Error, Result};

use crate::config::FileConfig;
use crate::rolling::{Limits, Rolling, RollingPeriod};

/// `spans.ndjson` is the current file, `spans.1.ndjson` the previous one.
#[derive(Debug)]
pub(crate) struct Files {
    path: PathBuf,
    limits: Limits,
    /// `None` while it writes.
    rolling: Option<Rolling>,
}

impl Files {
    pub(crate) fn new(path: &Path, limits: FileConfig) -> Self {
        Self {
            path: path.to_owned(),
            limits: Limits {
                period: RollingPeriod::Never,
                max_bytes: limits.max_bytes,
                max_files: limits.max_files as usize,
            },
            rolling: None,
        }
    }

    /// Opens the file, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be created, or if something else is in its place.
    pub(crate) fn open(&mut self) -> Result<()> {
        let rolling = (self.rolling).get_or_insert_with(|| Rolling::new(&self.path, self.limits));
        rolling.open(SystemTime::now()).map_err(|error| {
            Error::config(format!("can't open `{}`", self.path.display())).because(error)
        })
    }

    /// Appends whole lines.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the lines are written nevertheless.
    pub(crate) async fn append(&mut self, lines: Vec<u8>) -> io::Result<()> {
        let rolling = self.rolling.take();
        let mut rolling = rolling.unwrap_or_else(|| Rolling::new(&self.path, self.limits));
        let written = tokio::task::spawn_blocking(move || {
            let written = rolling.append(SystemTime::now(), &lines);
            (rolling, written)
        });
        let (rolling, written) = written.await.map_err(io::Error::other)?;
        self.rolling = Some(rolling);
        written
    }
}
