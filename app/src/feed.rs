//! Events from a stream of NDJSON: read, checked, published with back-pressure.
//!
//! Invariants: memory is bounded by one line and the plugins' mailboxes; every line is counted
//! once, as published, bad or blank.

mod lines;
mod progress;
mod record;

use std::io;
use std::path::Path;

use clap::ValueEnum;
use plugin_core::event::{PublishError, Publishers};
use serde::Serialize;
use tokio::io::{AsyncBufRead, BufReader};

pub(crate) use progress::Progress;
pub(crate) use record::Topics;

use lines::{Line, Lines};
use record::{BadRecord, Record};

/// Bad lines that are shown; more are only counted.
const SHOWN: usize = 10;

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// What a bad line leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OnError {
    /// It is reported, and the next line is read.
    #[default]
    Skip,
    /// It is reported, and no more lines are read.
    Stop,
}

/// What was read.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    pub(crate) lines: u64,
    pub(crate) published: u64,
    pub(crate) bad: u64,
    pub(crate) blank: u64,
    /// The first bad lines.
    pub(crate) bad_lines: Vec<BadLine>,
}

/// A line that is no event.
#[derive(Debug, Serialize)]
pub(crate) struct BadLine {
    pub(crate) line: u64,
    pub(crate) reason: String,
}

/// Why no more lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// There are no more.
    Input,
    /// Somebody wants the process to end.
    Interrupted,
    /// The stream can't be read on.
    Unreadable,
    /// One was bad, and `--on-error stop` was given.
    BadLine,
    /// The service is stopping and takes no more events.
    Stopping,
}

/// A stream of events.
pub(crate) struct Input {
    stream: Box<dyn AsyncBufRead + Unpin>,
    /// How many bytes there are, if that is known.
    pub(crate) size: Option<u64>,
}

/// Opens a file, or standard input for `-`.
///
/// # Errors
///
/// When the file can't be opened.
pub(crate) async fn open(path: &Path) -> io::Result<Input> {
    if path == Path::new("-") {
        let stream = Box::new(BufReader::with_capacity(CHUNK, tokio::io::stdin()));
        return Ok(Input { stream, size: None });
    }
    let file = tokio::fs::File::open(path).await?;
    let metadata = file.metadata().await?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let stream = Box::new(BufReader::with_capacity(CHUNK, file));
    Ok(Input {
        stream,
        size: metadata.is_file().then_some(metadata.len()),
    })
}

/// Publishes the lines of a stream.
#[derive(Debug)]
pub(crate) struct Feed {
    publishers: Publishers,
    topics: Topics,
    on_error: OnError,
}

impl Feed {
    pub(crate) fn new(publishers: Publishers, topics: Topics, on_error: OnError) -> Self {
        Self {
            publishers,
            topics,
            on_error,
        }
    }

    /// Publishes each line; `tally` always says how far it came.
    ///
    /// # Errors
    ///
    /// When the stream can't be read.
    ///
    /// # Cancel safety
    ///
    /// The event that waits for room when it is dropped may have reached some subscribers; its line
    /// is not counted.
    pub(crate) async fn run(
        &self,
        input: Input,
        tally: &mut Tally,
        progress: &Progress,
    ) -> io::Result<End> {
        let mut lines = Lines::new(input.stream, lines::MOST);
        while let Some(line) = lines.next().await? {
            let published = self.publish(&line).await;
            if let Ok(Published::Stopping) = published {
                return Ok(End::Stopping);
            }
            tally.lines += 1;
            match published {
                Ok(Published::Yes) => tally.published += 1,
                Ok(Published::Blank | Published::Stopping) => tally.blank += 1,
                Err(bad) => {
                    tally.report(line.number, &bad, progress);
                    if self.on_error == OnError::Stop {
                        return Ok(End::BadLine);
                    }
                }
            }
            progress.update(lines.consumed(), tally.lines);
        }
        Ok(End::Input)
    }

    async fn publish(&self, line: &Line<'_>) -> Result<Published, BadRecord> {
        let bytes = line.bytes.ok_or(BadRecord::TooLong(lines::MOST))?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Published::Blank);
        }
        let record = Record::read(bytes, &self.topics)?;
        let data = record.data.get().as_bytes();
        match self.publishers.publish(&record.topic, data).await {
            Ok(()) => Ok(Published::Yes),
            Err(PublishError::Stopping) => Ok(Published::Stopping),
            Err(PublishError::Decode(error)) => Err(BadRecord::Data(error)),
            Err(error) => Err(BadRecord::Refused(error.to_string())),
        }
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Published {
    Yes,
    Blank,
    Stopping,
}

impl Tally {
    fn report(&mut self, line: u64, bad: &BadRecord, progress: &Progress) {
        self.bad += 1;
        if self.bad_lines.len() < SHOWN {
            let reason = bad.to_string();
            progress.note(format_args!("line {line}: {reason}"));
            self.bad_lines.push(BadLine { line, reason });
        } else if self.bad == SHOWN as u64 + 1 {
            progress.note("more bad lines are counted and not shown");
        }
    }
}

#[cfg(test)]
mod tests;
