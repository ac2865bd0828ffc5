//! The audit log records who did what, and with which outcome: one line of JSON for each action.
//! Lines are appended and never rewritten.
//!
//! Each line contains the SHA-256 of the line before it (`prev`), across all files, so that a line
//! that was changed, removed or inserted is found ([`verify`]).
//!
//! The files have a limited size, and so has a line. When a file is full, a new one is begun, and
//! the oldest is removed. Entries that strangers can cause are limited in time as well
//! ([`SecurityLog`]).
//!
//! Recording never blocks: entries go through a bounded queue to a thread of their own. If the
//! queue or the disk is full, entries are lost, but never silently: the loss is counted, logged
//! once, and recorded in the file as an entry of its own as soon as there is room.

mod chain;
mod config;
mod entry;
mod file;
mod journal;
mod read;
mod repeats;
mod security;
mod verify;

pub use config::AuditConfig;
pub use entry::{Entry, Outcome};
pub use read::{AuditLine, AuditPage, AuditQuery, read};
pub use security::SecurityLog;
pub use verify::{AuditBreak, AuditProblem, Verified, verify};

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use chain::Tail;
use file::LogFile;
use journal::{Journal, Losses, Message};
use repeats::Repeats;

/// Name of the file below `data_dir`.
pub const FILE_NAME: &str = "audit.ndjson";

/// Most entries that can wait to be written.
const QUEUE: usize = 8192;

/// The audit log. Clones write to the same file.
///
/// # Example
///
/// ```
/// use plugin_core::audit::{Audit, Entry, Outcome};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// # let data_dir = tempfile::tempdir().unwrap();
/// # let data_dir = data_dir.path();
/// let audit = Audit::open(data_dir)?;
/// audit.record(Entry::new("operator", "stop", Outcome::Done).plugin("hello-plugin"));
/// audit.close().await;
/// let text = std::fs::read_to_string(data_dir.join("audit.ndjson")).unwrap();
/// assert!(text.contains(r#""actor":"operator","plugin":"hello-plugin","action":"stop","outcome":"done""#));
/// # Ok::<(), plugin_core::audit::AuditError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Audit(Option<Arc<AuditInner>>);

struct AuditInner {
    queue: mpsc::Sender<Message>,
    losses: Arc<Losses>,
    repeats: Mutex<Repeats>,
}

impl Audit {
    /// Opens `audit.ndjson` below `data_dir`, and creates both if they do not exist. The present
    /// content of the file is kept. If a crash cut off the last line, that line is kept and ended.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be created or read.
    pub fn open(data_dir: &Path) -> Result<Self, AuditError> {
        Self::open_within(data_dir, AuditConfig::default())
    }

    /// Like [`Audit::open`], with limits for the files.
    ///
    /// # Errors
    ///
    /// As [`Audit::open`].
    pub fn open_within(data_dir: &Path, limits: AuditConfig) -> Result<Self, AuditError> {
        let path = data_dir.join(FILE_NAME);
        LogFile::open(&path, limits)
            .and_then(|(file, tail)| Self::spawn(file, tail))
            .map_err(|source| AuditError { path, source })
    }

    /// An audit log that records nothing.
    #[must_use]
    pub const fn disabled() -> Self {
        Self(None)
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.0.is_none()
    }

    fn spawn(file: LogFile, tail: Tail) -> io::Result<Self> {
        let (queue, entries) = mpsc::channel(QUEUE);
        let losses = Arc::<Losses>::default();
        let journal = Journal::new(file, tail, Arc::clone(&losses));
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || journal.run(entries))?;
        let repeats = Mutex::new(Repeats::new());
        Ok(Self(Some(Arc::new(AuditInner {
            queue,
            losses,
            repeats,
        }))))
    }

    /// Records an entry with the present time. It never blocks. Long texts in the entry are cut,
    /// and characters that a terminal would obey are escaped.
    pub fn record(&self, entry: Entry) {
        self.put(entry.cleaned());
    }

    fn put(&self, entry: Entry) {
        let Some(inner) = &self.0 else { return };
        let message = Message::Entry(SystemTime::now(), entry);
        if inner.queue.try_send(message).is_err() {
            inner.losses.add();
        }
    }

    /// Records an entry that a stranger can cause: control characters are escaped, and if there are
    /// too many similar entries, they are only counted.
    pub(crate) fn record_bounded(&self, entry: Entry) {
        self.tell_repeats();
        let Some(inner) = &self.0 else { return };
        let entry = entry.cleaned();
        let admitted = inner.repeats().admit(&entry, Instant::now());
        if admitted {
            self.put(entry);
        }
    }

    /// Records how many entries were only counted, if their time window is over.
    pub(crate) fn tell_repeats(&self) {
        self.settle_repeats(false);
    }

    fn settle_repeats(&self, at_once: bool) {
        let Some(inner) = &self.0 else { return };
        let told = inner.repeats().settle(Instant::now(), at_once);
        told.into_iter().for_each(|entry| self.put(entry));
    }

    /// Waits until everything that was recorded before is on disk.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future ends only the waiting.
    pub async fn flush(&self) {
        self.ask(Message::Flush).await;
    }

    /// Waits until everything that was recorded before is on disk, and ends the log. Entries that
    /// any clone records later are lost.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the log may stay open, or it may still be written and ended.
    pub async fn close(&self) {
        self.settle_repeats(true);
        self.ask(Message::Close).await;
    }

    async fn ask(&self, message: fn(oneshot::Sender<()>) -> Message) {
        let Some(inner) = &self.0 else { return };
        let (done, answer) = oneshot::channel();
        if inner.queue.send(message(done)).await.is_ok() {
            // The writer ends only when it has written everything.
            answer.await.unwrap_or_default();
        }
    }

    /// Number of entries that were lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.as_ref().map_or(0, |inner| inner.losses.count())
    }

    /// The number of lost entries, and whether the log can be written.
    pub(crate) fn status(&self) -> AuditStatus {
        let failure = self.0.as_ref().and_then(|inner| inner.losses.reason());
        AuditStatus {
            lost: self.lost(),
            failure,
        }
    }

    /// Checks that the log can be written. If entries were lost, it tries to record their number.
    ///
    /// # Errors
    ///
    /// Returns the reason why the log can't be written.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let Some(inner) = &self.0 else { return Ok(()) };
        if inner.losses.untold() == 0 {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        // Without a writer, the log is closed, and the service ends.
        if inner.queue.send(Message::Retry(done)).await.is_err() {
            return Ok(());
        }
        answer.await.unwrap_or_default().map_or(Ok(()), Err)
    }
}

impl AuditInner {
    fn repeats(&self) -> std::sync::MutexGuard<'_, Repeats> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Audit"
        } else {
            "Audit(disabled)"
        })
    }
}

/// The state of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct AuditStatus {
    /// Number of entries that were lost because the disk or the queue was full.
    pub lost: u64,
    /// Why the log can't be written; `None` if it can. As long as there is a reason, operations are
    /// refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The error when the audit log can't be opened.
#[derive(Debug)]
pub struct AuditError {
    path: PathBuf,
    source: io::Error,
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't open the audit log `{}`", self.path.display())
    }
}

impl std::error::Error for AuditError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
