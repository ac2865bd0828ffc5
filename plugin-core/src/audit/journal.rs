//! The writer of the audit log: the only one that touches the file.
//!
//! Invariants: one write per line; nothing is ever rewritten; after a write that failed half-way,
//! and after a crash, the next line starts on a line of its own.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::entry::{Entry, Outcome};
use super::timestamp::Timestamp;

/// What the writer is asked to do.
pub(super) enum Message {
    Entry(SystemTime, Entry),
    Flush(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// Where lines go.
pub(super) trait Sink: Write {
    fn sync(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

pub(super) struct Journal<S> {
    sink: S,
    /// Whether the last line lacks its end.
    broken: bool,
    reported: bool,
    lost: Arc<AtomicU64>,
    /// How much of `lost` stands in the file.
    told: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    #[serde(flatten)]
    entry: &'a Entry,
}

impl<S: Sink> Journal<S> {
    pub(super) fn new(sink: S, broken: bool, lost: Arc<AtomicU64>) -> Self {
        Self {
            sink,
            broken,
            reported: false,
            lost,
            told: 0,
        }
    }

    /// Writes until it is closed or nobody can record any more.
    pub(super) fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let mut closing = Vec::new();
        while let Some(message) = messages.blocking_recv() {
            match message {
                Message::Entry(time, entry) => self.entry(time, &entry),
                Message::Flush(done) => {
                    self.settle();
                    acknowledge(done);
                }
                Message::Close(done) => {
                    // Lets nothing more in; what is in the queue is still written.
                    messages.close();
                    closing.push(done);
                }
            }
        }
        self.settle();
        closing.into_iter().for_each(acknowledge);
    }

    fn entry(&mut self, time: SystemTime, entry: &Entry) {
        match self.write(time, entry) {
            Ok(()) => self.tell_losses(),
            Err(error) => {
                self.lost.fetch_add(1, Relaxed);
                self.report(&error);
            }
        }
    }

    fn settle(&mut self) {
        self.tell_losses();
        if let Err(error) = self.sink.sync() {
            self.report(&error);
        }
    }

    fn write(&mut self, time: SystemTime, entry: &Entry) -> io::Result<()> {
        let mut line = Vec::with_capacity(256);
        if self.broken {
            line.push(b'\n');
        }
        let time = Timestamp(time);
        serde_json::to_writer(&mut line, &Line { time, entry })?;
        line.push(b'\n');
        // Until it is known to be whole.
        self.broken = true;
        self.sink.write_all(&line)?;
        self.broken = false;
        Ok(())
    }

    fn tell_losses(&mut self) {
        let lost = self.lost.load(Relaxed);
        if lost == self.told {
            return;
        }
        let entry = Entry::new("audit", "record", Outcome::Failed)
            .detail(format!("{} entries are missing here", lost - self.told));
        if self.write(SystemTime::now(), &entry).is_ok() {
            self.told = lost;
        }
    }

    fn report(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.reported, true) {
            tracing::error!(%error, "the audit log can't be written; what it lacks is counted");
        }
    }
}

fn acknowledge(done: oneshot::Sender<()>) {
    // Who asked may have stopped waiting.
    done.send(()).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that takes ten bytes of a line and is then full, as often as `full` says.
    #[derive(Default)]
    struct Disk {
        text: Vec<u8>,
        full: usize,
    }

    impl Write for &mut Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.full == 0 {
                self.text.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
            self.full -= 1;
            self.text.extend_from_slice(&bytes[..10]);
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for &mut Disk {
        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn entry(action: &'static str) -> Entry {
        Entry::new("manager", action, Outcome::Done)
    }

    #[test]
    fn a_full_disk_costs_its_own_line_and_is_told() {
        let mut disk = Disk {
            full: 1,
            ..Disk::default()
        };
        let lost = Arc::new(AtomicU64::new(0));
        let mut journal = Journal::new(&mut disk, false, Arc::clone(&lost));
        journal.entry(SystemTime::now(), &entry("start"));
        journal.entry(SystemTime::now(), &entry("stop"));
        journal.settle();

        assert_eq!(lost.load(Relaxed), 1);
        let text = String::from_utf8(disk.text).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(lines[0]).is_err());
        assert!(lines[1].contains(r#""action":"stop""#), "{text}");
        assert!(lines[2].contains("1 entries are missing here"), "{text}");
    }
}
