//! The writer of the audit log. Nothing else writes to the file.
//!
//! Invariants: waiting entries are written together; nothing is ever rewritten; after an incomplete
//! write, and after a crash, the next entry begins on a new line; a failed write loses only the
//! line in which it stopped.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::chain::{Links, Tail};
use super::entry::{Entry, Outcome};
use crate::timestamp::Timestamp;

/// A request to the writer.
pub(super) enum Message {
    Entry(SystemTime, Entry),
    /// Tries to write again, and answers why that fails.
    Retry(oneshot::Sender<Option<String>>),
    Flush(oneshot::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// The destination of lines.
pub(super) trait Sink: Write {
    fn sync(&mut self) -> io::Result<()>;

    /// Is called before `bytes` bytes are written.
    fn make_room(&mut self, _bytes: usize) -> io::Result<Room> {
        Ok(Room::Here)
    }
}

/// The place of the next lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// After the last lines.
    Here,
    /// At the beginning of a new file, because the last one is full.
    New,
    /// At the beginning of a new file, because the last one was removed.
    Lost,
}

/// Number of messages that are taken at once.
const BATCH: usize = 256;

pub(super) struct Journal<S> {
    sink: S,
    /// The objects of lines that are not written yet.
    lines: Vec<Vec<u8>>,
    /// The end of the file.
    tail: Tail,
    reported: bool,
    losses: Arc<Losses>,
}

/// The entries that were lost.
#[derive(Debug, Default)]
pub(super) struct Losses {
    count: AtomicU64,
    /// The part of `count` that is recorded in the file.
    told: AtomicU64,
    /// Why the file can't be written now.
    reason: Mutex<Option<String>>,
}

impl Losses {
    pub(super) fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// Counts one.
    pub(super) fn add(&self) {
        self.count.fetch_add(1, Relaxed);
    }

    /// Number of the entries whose loss is not recorded in the file.
    pub(super) fn untold(&self) -> u64 {
        self.count() - self.told.load(Relaxed)
    }

    /// Why the file can't be written now; `None` if it can, as far as is known.
    pub(super) fn reason(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    #[serde(flatten)]
    entry: &'a Entry,
}

impl<S: Sink> Journal<S> {
    pub(super) fn new(sink: S, tail: Tail, losses: Arc<Losses>) -> Self {
        Self {
            sink,
            lines: Vec::new(),
            tail,
            reported: false,
            losses,
        }
    }

    /// Writes until the log is closed, or until nothing can record entries any more.
    pub(super) fn run(mut self, mut messages: mpsc::Receiver<Message>) {
        let (mut batch, mut closing) = (Vec::new(), Vec::new());
        while messages.blocking_recv_many(&mut batch, BATCH) > 0 {
            for message in batch.drain(..) {
                match message {
                    Message::Entry(time, entry) => self.add(time, &entry),
                    Message::Retry(done) => {
                        self.write();
                        done.send(self.losses.reason()).unwrap_or_default();
                    }
                    Message::Flush(done) => {
                        self.settle();
                        acknowledge(done);
                    }
                    Message::Close(done) => {
                        // Accepts no more messages; those in the queue are still written.
                        messages.close();
                        closing.push(done);
                    }
                }
            }
            self.write();
        }
        self.settle();
        closing.into_iter().for_each(acknowledge);
    }

    /// Adds a line to the next write.
    fn add(&mut self, time: SystemTime, entry: &Entry) {
        let time = Timestamp(time);
        match serde_json::to_vec(&Line { time, entry }) {
            Ok(line) => self.lines.push(line),
            Err(error) => self.lose(&error.into()),
        }
    }

    /// Writes the added lines.
    fn write(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            match self.append(rest) {
                Ok(()) => break,
                Err((whole, error)) => {
                    self.lose(&error);
                    rest = &rest[whole + 1..];
                }
            }
        }
        self.lines = lines;
        self.lines.clear();
        self.tell_losses();
    }

    /// Appends lines. The error contains how many lines before the incomplete one are complete.
    fn append(&mut self, lines: &[Vec<u8>]) -> Result<(), (usize, io::Error)> {
        let bytes = lines.iter().map(|line| line.len() + Links::LENGTH).sum();
        match self.sink.make_room(bytes) {
            Ok(Room::Here) => {}
            Ok(Room::New) => self.tail.is_broken = false,
            Ok(Room::Lost) => self.begin_anew().map_err(|error| (0, error))?,
            Err(error) => return Err((0, error)),
        }
        if self.tail.is_broken {
            self.sink.write_all(b"\n").map_err(|error| (0, error))?;
            self.tail.is_broken = false;
        }
        let links = Links::new(lines, self.tail.last);
        let (written, result) = self.write_all(&links.text);
        let (whole, tail) = links.written(written, self.tail);
        self.tail = tail;
        result.map_err(|error| (whole, error))
    }

    /// Writes bytes, and returns how many were written.
    fn write_all(&mut self, bytes: &[u8]) -> (usize, io::Result<()>) {
        let mut written = 0;
        while written < bytes.len() {
            match self.sink.write(&bytes[written..]) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(more) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }

    /// Writes at the beginning of a file that there was another one.
    fn begin_anew(&mut self) -> io::Result<()> {
        tracing::error!("the audit log was removed while it was written; a new one begins");
        let entry = Entry::new("audit", "record", Outcome::Failed)
            .detail("the file was removed, with the entries in it; a new one begins here");
        let time = Timestamp(SystemTime::now());
        let line = serde_json::to_vec(&Line {
            time,
            entry: &entry,
        })?;
        let links = Links::new(&[line], self.tail.last);
        let (written, result) = self.write_all(&links.text);
        (_, self.tail) = links.written(written, self.tail);
        result
    }

    fn lose(&mut self, error: &io::Error) {
        self.losses.add();
        self.report(error);
    }

    fn settle(&mut self) {
        self.write();
        if let Err(error) = self.sink.sync() {
            self.report(&error);
        }
    }

    fn tell_losses(&mut self) {
        let untold = self.losses.untold();
        if untold == 0 {
            return;
        }
        let entry = Entry::new("audit", "record", Outcome::Failed)
            .detail(format!("{untold} entries are missing here"));
        self.add(SystemTime::now(), &entry);
        let lines = std::mem::take(&mut self.lines);
        // If this fails, the next write reports the loss, because this entry is not counted as lost
        // itself.
        match self.append(&lines) {
            Ok(()) => {
                self.losses.told.fetch_add(untold, Relaxed);
                *self.losses.lock() = None;
            }
            Err((_, error)) => *self.losses.lock() = Some(error.to_string()),
        }
    }

    fn report(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.reported, true) {
            tracing::error!(%error, "the audit log can't be written; what it lacks is counted");
        }
    }
}

fn acknowledge(done: oneshot::Sender<()>) {
    // The requester may not wait any more.
    done.send(()).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;

    /// A disk that is full once, after a number of bytes.
    #[derive(Default)]
    struct Disk {
        text: Vec<u8>,
        room: Option<usize>,
        writes: usize,
    }

    impl Write for &mut Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            if self.room.take_if(|room| *room == 0).is_some() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = self.room.map_or(bytes.len(), |room| room.min(bytes.len()));
            self.text.extend_from_slice(&bytes[..taken]);
            self.room = self.room.map(|room| room - taken);
            Ok(taken)
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

    /// The content of the disk after three entries, and how many were lost.
    fn three(mut disk: Disk) -> (Vec<String>, u64, usize) {
        let losses = Arc::<Losses>::default();
        let mut journal = Journal::new(&mut disk, Tail::EMPTY, Arc::clone(&losses));
        for action in ["start", "fail", "stop"] {
            journal.add(SystemTime::now(), &entry(action));
        }
        journal.settle();
        let text = String::from_utf8(disk.text).unwrap();
        let lines = text.lines().map(str::to_owned).collect();
        (lines, losses.count(), disk.writes)
    }

    #[test]
    fn what_waits_is_written_in_one_go() {
        let (lines, lost, writes) = three(Disk::default());
        assert_eq!((lines.len(), lost, writes), (3, 0, 1));
        let is_whole = |line: &String| serde_json::from_str::<serde_json::Value>(line).is_ok();
        assert!(lines.iter().all(is_whole), "{lines:?}");
    }

    /// The disk becomes full at every possible place: at the beginning of a line, within it, and
    /// before its end.
    #[test]
    fn a_full_disk_costs_the_line_it_stops_in_and_is_told() {
        let (whole, ..) = three(Disk::default());
        let ends = [0, whole[0].len() + 1, whole[0].len() + whole[1].len() + 2];
        for (line, begin) in ends.into_iter().enumerate() {
            for room in [begin, begin + 10, begin + whole[line].len()] {
                let room = Some(room);
                let (lines, lost, _) = three(Disk {
                    room,
                    ..Disk::default()
                });
                assert_eq!(lost, 1);
                let left = ["start", "fail", "stop"].into_iter().enumerate();
                for (at, action) in left.filter(|(at, _)| *at != line) {
                    let has = |text: &&String| text.contains(&format!(r#""action":"{action}""#));
                    let text = lines
                        .iter()
                        .find(has)
                        .unwrap_or_else(|| panic!("{at}: {lines:?}"));
                    serde_json::from_str::<serde_json::Value>(text).unwrap();
                }
                for pair in lines.windows(2) {
                    let digest = Digest::of_bytes(pair[0].as_bytes());
                    let link = format!(r#","prev":"{digest}"}}"#);
                    let is_cut_off = !pair[1].ends_with('}');
                    assert!(is_cut_off || pair[1].ends_with(&link), "{lines:?}");
                }
                let last = lines.last().unwrap();
                assert!(last.contains("1 entries are missing here"), "{lines:?}");
            }
        }
    }
}
