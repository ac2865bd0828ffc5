//! The destination of lines: a stream of the process, or a sequence of files.
//!
//! A stream is locked for one line at a time. Nothing here waits except for the write itself.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use plugin_core::prelude::*;
use plugin_ndjson::{Limits, Rolling, RollingPeriod};

use crate::config::{Color, FileConfig, LoggerConfig, Output, Rotation};

/// The destination of lines.
pub(crate) struct Sink {
    target: Target,
    color: bool,
    /// Whether the last line could not be written.
    fails: AtomicBool,
}

enum Target {
    Stderr,
    Stdout,
    Files(Mutex<Rolling>),
    #[cfg(test)]
    Test(Box<dyn Fn(&str) + Send + Sync>),
}

impl Sink {
    /// Opens the destination in the config. Files are below `data_dir`.
    ///
    /// # Errors
    ///
    /// Returns an error if a file can't be created.
    pub(crate) fn open(config: &LoggerConfig, data_dir: &Path) -> Result<Self> {
        let (target, terminal) = match config.output {
            Output::Stderr => (Target::Stderr, io::stderr().is_terminal()),
            Output::Stdout => (Target::Stdout, io::stdout().is_terminal()),
            Output::File => {
                let files = open_files(&config.file, data_dir)?;
                (Target::Files(Mutex::new(files)), false)
            }
        };
        let color = match config.color {
            Color::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
            Color::Always => true,
            Color::Never => false,
        };
        Ok(Self::new(target, color))
    }

    fn new(target: Target, color: bool) -> Self {
        Self {
            target,
            color,
            fails: AtomicBool::new(false),
        }
    }

    #[cfg(test)]
    pub(crate) fn to(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self::new(Target::Test(Box::new(write)), false)
    }

    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// Writes a line in one call, so that lines of several threads don't mix.
    pub(crate) fn write(&self, line: &str) {
        let line = line.as_bytes();
        let written = match &self.target {
            Target::Stderr => io::stderr().write_all(line),
            Target::Stdout => io::stdout().write_all(line),
            Target::Files(files) => {
                let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
                files.append(SystemTime::now(), line)
            }
            #[cfg(test)]
            Target::Test(write) => {
                write(&String::from_utf8_lossy(line));
                Ok(())
            }
        };
        // The failure can't be logged, because the log can't be written; the health shows it.
        self.fails.store(written.is_err(), Relaxed);
    }

    /// The health of the files: degraded while they can't be written. If the reader of a stream is
    /// gone, nothing is lost that would be read.
    pub(crate) fn health(&self) -> Health {
        let is_file = matches!(self.target, Target::Files(_));
        if is_file && self.fails.load(Relaxed) {
            return Health::Degraded("the log file can't be written; lines are lost".to_owned());
        }
        Health::Healthy
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}

fn open_files(config: &FileConfig, data_dir: &Path) -> Result<Rolling> {
    let directory = data_dir.join(&config.directory);
    let limits = Limits {
        period: match config.rotation {
            Rotation::Minutely => RollingPeriod::Minute,
            Rotation::Hourly => RollingPeriod::Hour,
            Rotation::Daily => RollingPeriod::Day,
            Rotation::Never => RollingPeriod::Never,
        },
        max_bytes: config.max_bytes,
        max_files: config.max_files,
    };
    let path = directory.join(format!("{}.log", config.prefix));
    let mut files = Rolling::new(&path, limits);
    files.open(SystemTime::now()).map_err(|error| {
        Error::config(format!("can't log to `{}`", directory.display())).because(error)
    })?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Sink;
    use crate::config::{FileConfig, LoggerConfig, Output, Rotation};

    fn config(file: FileConfig) -> LoggerConfig {
        LoggerConfig {
            output: Output::File,
            file,
            ..LoggerConfig::default()
        }
    }

    #[test]
    fn a_file_gets_the_lines() {
        let root = tempfile::tempdir().unwrap();
        let file = FileConfig {
            rotation: Rotation::Never,
            ..FileConfig::default()
        };
        let sink = Sink::open(&config(file), root.path()).unwrap();
        sink.write("first\n");
        sink.write("second\n");
        let text = fs::read_to_string(root.path().join("logs/app.log")).unwrap();
        assert_eq!(text, "first\nsecond\n");
        assert!(!sink.color());
    }

    #[test]
    fn old_files_go() {
        let root = tempfile::tempdir().unwrap();
        for day in 1..9 {
            fs::write(root.path().join(format!("app.2020-01-0{day}.log")), "").unwrap();
        }
        let file = FileConfig {
            directory: ".".to_owned(),
            max_files: 3,
            ..FileConfig::default()
        };
        drop(Sink::open(&config(file), root.path()).unwrap());
        assert!(fs::read_dir(root.path()).unwrap().count() <= 3);
    }

    #[test]
    fn report_b13_a_restart_on_the_same_day_keeps_its_lines() {
        let root = tempfile::tempdir().unwrap();
        let file = FileConfig {
            max_files: 1,
            ..FileConfig::default()
        };
        std::fs::create_dir(root.path().join("logs")).unwrap();
        fs::write(root.path().join("logs/app-notes.log"), "mine").unwrap();
        for line in ["before\n", "after\n"] {
            let sink = Sink::open(&config(file.clone()), root.path()).unwrap();
            sink.write(line);
        }
        let files = fs::read_dir(root.path().join("logs")).unwrap();
        let texts: Vec<_> = files
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        assert!(texts.contains(&"mine".to_owned()), "{texts:?}");
        assert!(texts.concat().contains("before\nafter\n"), "{texts:?}");
    }
}
