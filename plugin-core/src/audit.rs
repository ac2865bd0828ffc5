//! Who did what, and with what outcome: one line of JSON each, appended and never rewritten.
//!
//! Recording never blocks: entries go through a bounded queue to a thread of their own. A loss,
//! because the queue or the disk is full, is never silent: it is counted, told to the log once,
//! and stands in the file as an entry of its own as soon as there is room.

mod entry;
mod journal;
mod timestamp;

pub(crate) use timestamp::Timestamp;

pub use entry::{Entry, Outcome};

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use tokio::sync::{mpsc, oneshot};

use crate::owned;
use crate::permission::PermissionDenied;
use journal::{Journal, Message};

/// Name of the file below `data_dir`.
pub const FILE_NAME: &str = "audit.ndjson";

/// Entries that may wait to be written.
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
pub struct Audit(Option<Arc<Inner>>);

struct Inner {
    queue: mpsc::Sender<Message>,
    lost: Arc<AtomicU64>,
}

impl Audit {
    /// Opens `audit.ndjson` below `data_dir`, and makes both if they are not there. What the file
    /// holds stays; a last line that a crash cut off is left as it is and ended.
    ///
    /// # Errors
    ///
    /// When the file can't be made or read.
    pub fn open(data_dir: &Path) -> Result<Self, AuditError> {
        let path = data_dir.join(FILE_NAME);
        let opened = owned::create_dir_all(data_dir).and_then(|()| open_append(&path));
        opened
            .and_then(|(file, broken)| Self::spawn(file, broken))
            .map_err(|source| AuditError { path, source })
    }

    /// Records nothing.
    #[must_use]
    pub const fn disabled() -> Self {
        Self(None)
    }

    fn spawn(file: File, broken: bool) -> io::Result<Self> {
        let (queue, entries) = mpsc::channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let journal = Journal::new(file, broken, Arc::clone(&lost));
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || journal.run(entries))?;
        Ok(Self(Some(Arc::new(Inner { queue, lost }))))
    }

    /// Records an entry, with the time of now. Never blocks.
    pub fn record(&self, entry: Entry) {
        let Some(inner) = &self.0 else { return };
        let message = Message::Entry(SystemTime::now(), entry);
        if inner.queue.try_send(message).is_err() {
            inner.lost.fetch_add(1, Relaxed);
        }
    }

    /// Records that a right was refused.
    pub fn refused(&self, denied: &PermissionDenied) {
        if self.0.is_none() {
            return;
        }
        let action = format!("{}.{}", denied.resource(), denied.action());
        let mut entry =
            Entry::new(denied.plugin(), action, Outcome::Denied).plugin(denied.plugin());
        if let Some(object) = denied.object() {
            entry = entry.detail(object);
        }
        self.record(entry);
    }

    /// Waits until all that was recorded before is on disk.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping it ends only the waiting.
    pub async fn flush(&self) {
        self.ask(Message::Flush).await;
    }

    /// Waits until all that was recorded before is on disk, and ends the log: what is recorded
    /// later, by any clone, is lost.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, the log may still be open; otherwise it is written all the same.
    pub async fn close(&self) {
        self.ask(Message::Close).await;
    }

    async fn ask(&self, message: fn(oneshot::Sender<()>) -> Message) {
        let Some(inner) = &self.0 else { return };
        let (done, answer) = oneshot::channel();
        if inner.queue.send(message(done)).await.is_ok() {
            // The writer is gone only when it has written all it had.
            answer.await.unwrap_or_default();
        }
    }

    /// How many entries were lost.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.0.as_ref().map_or(0, |inner| inner.lost.load(Relaxed))
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

/// The file, and whether its last line lacks its end.
fn open_append(path: &Path) -> io::Result<(File, bool)> {
    let mut options = owned::options();
    let mut file = options.append(true).read(true).create(true).open(path)?;
    owned::own_file(&file)?;
    if file.metadata()?.len() == 0 {
        return Ok((file, false));
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok((file, last != *b"\n"))
}

/// The audit log can't be opened.
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
