//! The queue of lines, and the task that writes them.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use plugin_core::prelude::*;
use plugin_core::printable;
use serde_json::json;
use tokio::sync::mpsc;

use crate::config::FileConfig;
use crate::files::Files;

/// Most lines that are written together.
const BATCH: usize = 512;

/// The sender of lines.
pub(crate) struct Lines<T> {
    queue: mpsc::Sender<T>,
    state: Arc<State>,
}

/// The task that writes: see [`Writer::run`].
pub(crate) struct Writer<T> {
    queue: mpsc::Receiver<T>,
    state: Arc<State>,
    files: Files,
}

#[derive(Debug, Default)]
struct State {
    lost: AtomicU64,
    /// Whether the last attempt to write failed.
    fails: AtomicBool,
}

/// A queue for a file. Nothing is opened yet.
#[must_use]
pub(crate) fn open<T: Serialize + Send>(path: &Path, limits: FileConfig) -> (Lines<T>, Writer<T>) {
    let (sender, queue) = mpsc::channel(limits.queue);
    let state = Arc::<State>::default();
    let lines = Lines {
        queue: sender,
        state: Arc::clone(&state),
    };
    let files = Files::new(path, limits);
    (
        lines,
        Writer {
            queue,
            state,
            files,
        },
    )
}

impl<T> Lines<T> {
    /// Puts a line into the queue if there is room; otherwise the line is lost and counted.
    pub(crate) fn write(&self, line: T) {
        if self.queue.try_send(line).is_err() {
            self.state.lost.fetch_add(1, Relaxed);
        }
    }

    /// Number of lines that were lost so far.
    #[must_use]
    pub(crate) fn lost(&self) -> u64 {
        self.state.lost.load(Relaxed)
    }

    /// The health of the file: degraded while it can't be written.
    #[must_use]
    pub(crate) fn health(&self) -> Health {
        if self.state.fails.load(Relaxed) {
            let lost = self.lost();
            let lost = match lost {
                1 => "1 line is lost".to_owned(),
                _ => format!("{lost} lines are lost"),
            };
            return Health::Degraded(format!("the file can't be written; {lost}"));
        }
        Health::Healthy
    }
}

impl<T: Serialize + Send> Writer<T> {
    /// Opens the file, so that a problem is noticed early.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be opened.
    pub(crate) fn open(&mut self) -> Result<()> {
        self.files.open()
    }

    /// Writes until it is told to end, and then writes the lines in the queue.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the lines in the queue are not written.
    pub(crate) async fn run(mut self, end: impl Future<Output = ()>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut end = std::pin::pin!(end);
        let mut told = 0;
        loop {
            let taken = tokio::select! {
                taken = self.queue.recv_many(&mut batch, BATCH) => taken,
                () = &mut end, if !self.queue.is_closed() => {
                    self.queue.close();
                    continue;
                }
            };
            if taken == 0 {
                break;
            }
            self.write(&mut batch, &mut told).await;
        }
        if self.state.lost.load(Relaxed) > told {
            self.write(&mut batch, &mut told).await;
        }
    }

    async fn write(&mut self, batch: &mut Vec<T>, told: &mut u64) {
        let lost = self.state.lost.load(Relaxed);
        let mut text = Vec::new();
        if lost > *told {
            push(&mut text, &json!({ "lost": lost - *told }));
        }
        let lines = batch.len() as u64;
        batch.drain(..).for_each(|line| push(&mut text, &line));
        let written = self.files.append(text).await;
        let failed_before = self.state.fails.swap(written.is_err(), Relaxed);
        match written {
            Ok(()) => *told = lost,
            Err(error) => {
                self.state.lost.fetch_add(lines, Relaxed);
                if !failed_before {
                    tracing::error!("lines can't be written, and are lost until they can: {error}");
                }
            }
        }
    }
}

/// Adds a line. A value that can't be serialized would be left out, but there is no such type here.
fn push(text: &mut Vec<u8>, line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        // Control characters from outside are escaped, so that they have no effect on a terminal
        // that shows the file.
        text.extend_from_slice(printable::json(&line).as_bytes());
        text.push(b'\n');
    }
}

impl<T> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(queue: usize) -> FileConfig {
        FileConfig {
            queue,
            ..FileConfig::default()
        }
    }

    #[tokio::test]
    async fn what_is_in_the_queue_at_the_end_is_written_and_a_loss_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.ndjson");
        let (lines, writer) = open(&path, limits(2));
        for number in 0..5 {
            lines.write(number);
        }
        assert_eq!(lines.lost(), 3);
        writer.run(std::future::ready(())).await;
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "{\"lost\":3}\n0\n1\n");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_degraded_health() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("no"), "a file in the way").unwrap();
        let path = directory.path().join("no/such/a.ndjson");
        let (lines, writer) = open(&path, limits(2));
        lines.write(1);
        writer.run(std::future::ready(())).await;
        assert_eq!(lines.lost(), 1);
        assert!(matches!(lines.health(), Health::Degraded(_)));
    }
}
