//! Where lines go: a stream of the process, or files that follow each other.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::{Component, Path, PathBuf};

use plugin_core::prelude::*;
use tracing_appender::rolling::{self, RollingFileAppender};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{Color, FileConfig, LoggerConfig, Output, Rotation};

/// Where lines go.
pub(crate) struct Sink {
    writer: BoxMakeWriter,
    color: bool,
}

impl Sink {
    /// Opens what the config names; files are below `data_dir`.
    ///
    /// # Errors
    ///
    /// When a file can't be made.
    pub(crate) fn open(config: &LoggerConfig, data_dir: &Path) -> Result<Self> {
        let (writer, terminal) = match config.output {
            Output::Stderr => (BoxMakeWriter::new(io::stderr), io::stderr().is_terminal()),
            Output::Stdout => (BoxMakeWriter::new(io::stdout), io::stdout().is_terminal()),
            Output::File => (
                BoxMakeWriter::new(open_file(&config.file, data_dir)?),
                false,
            ),
        };
        let color = match config.color {
            Color::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
            }
            Color::Always => true,
            Color::Never => false,
        };
        Ok(Self { writer, color })
    }

    #[cfg(test)]
    pub(crate) fn to(writer: BoxMakeWriter) -> Self {
        Self {
            writer,
            color: false,
        }
    }

    pub(crate) fn color(&self) -> bool {
        self.color
    }

    /// Writes a line at once, so that lines of several threads don't mix.
    pub(crate) fn write(&self, line: &str) {
        // There is no place left to report that the log can't be written.
        drop(self.writer.make_writer().write_all(line.as_bytes()));
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}

fn open_file(config: &FileConfig, data_dir: &Path) -> Result<RollingFileAppender> {
    let directory = below(data_dir, &config.directory)?;
    let rotation = match config.rotation {
        Rotation::Minutely => rolling::Rotation::MINUTELY,
        Rotation::Hourly => rolling::Rotation::HOURLY,
        Rotation::Daily => rolling::Rotation::DAILY,
        Rotation::Never => rolling::Rotation::NEVER,
    };
    let mut builder = RollingFileAppender::builder()
        .rotation(rotation)
        .filename_prefix(&config.prefix)
        .filename_suffix("log");
    if config.max_files > 0 {
        builder = builder.max_log_files(config.max_files);
    }
    builder.build(&directory).map_err(|error| {
        Error::config(format!("can't log to `{}`", directory.display())).because(error)
    })
}

fn below(root: &Path, directory: &str) -> Result<PathBuf> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if Path::new(directory).components().all(inside) {
        return Ok(root.join(directory));
    }
    Err(Error::config(format!(
        "`file.directory` is below the plugin's data directory: `{directory}` leads out of it"
    )))
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
    fn a_directory_outside_is_refused() {
        let root = tempfile::tempdir().unwrap();
        for directory in ["..", "a/../../b", "/tmp"] {
            let file = FileConfig {
                directory: directory.to_owned(),
                ..FileConfig::default()
            };
            let error = Sink::open(&config(file), root.path()).unwrap_err();
            assert!(error.to_string().contains("leads out of it"), "{error}");
        }
    }
}
