//! Changes of config files, one after the other.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plugin_core::config::ConfigFiles;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::Mode;
use crate::eye::Eye;

/// Changes that are told within this time are looked at once.
const GATHER: Duration = Duration::from_millis(20);

/// After this time the files are looked at also when nothing is told: a directory far above them
/// may have been replaced.
const UNTOLD: Duration = Duration::from_secs(60);

/// Files that hold something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// Those that changed, came or went.
    pub files: Vec<PathBuf>,
}

/// The changes of config files, one after the other. Each is told once, when the files have been
/// left alone for a while.
///
/// # Example
///
/// ```no_run
/// use std::time::Duration;
///
/// use plugin_core::{Composition, config::{Sources, files}};
/// use plugin_watch::{Changes, Mode};
///
/// # async fn example(composition: Composition) {
/// let sources = Sources::new().manager_file("config.yaml");
/// let look = move || files(&sources, &composition);
/// let mut changes = Changes::new(look(), look, Mode::Events, Duration::from_secs(1));
/// println!("{:?}", changes.next().await.files);
/// # }
/// ```
pub struct Changes {
    /// The files as they were told last.
    known: ConfigFiles,
    /// The files as they were seen last, and since when they are so.
    seen: (ConfigFiles, Instant),
    interval: Duration,
    eye: Arc<Mutex<Eye>>,
    told: Arc<Notify>,
    /// Whether changes are told; else the files are looked at every interval.
    is_told: bool,
    /// Whether the files are to be looked at.
    is_due: bool,
}

impl Changes {
    /// Changes of the files since `known`; `look` finds them where config says that they are. A
    /// change is told when the files have been the same for an interval.
    pub fn new(
        known: ConfigFiles,
        look: impl Fn() -> ConfigFiles + Send + 'static,
        mode: Mode,
        interval: Duration,
    ) -> Self {
        let told = Arc::new(Notify::new());
        let eye = Eye::new(Box::new(look), mode, Arc::clone(&told));
        Self {
            seen: (known.clone(), Instant::now()),
            known,
            interval,
            eye: Arc::new(Mutex::new(eye)),
            told,
            is_told: true,
            // The first look begins the watch.
            is_due: true,
        }
    }

    /// Waits for the next change.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, and when `look` panics.
    ///
    /// # Cancel safety
    ///
    /// A change that was not told yet is told by the next call.
    pub async fn next(&mut self) -> Change {
        loop {
            if !self.is_due && self.wait().await {
                let files = self.known.different(&self.seen.0);
                self.known = self.seen.0.clone();
                return Change { files };
            }
            self.is_due = true;
            sleep(GATHER.min(self.interval)).await;
            self.look().await;
            self.is_due = false;
        }
    }

    /// Waits until something may be different, or, if it is, until it has been so for an interval:
    /// then it answers with `true`.
    async fn wait(&self) -> bool {
        let (seen, since) = &self.seen;
        let is_other = *seen != self.known;
        let pause = if self.is_told { UNTOLD } else { self.interval };
        tokio::select! {
            biased;
            () = self.told.notified() => false,
            () = sleep_until(*since + self.interval), if is_other => true,
            () = sleep(pause) => false,
        }
    }

    async fn look(&mut self) {
        let (eye, last) = (Arc::clone(&self.eye), self.seen.0.clone());
        // Files on a file system that does not answer hold up no other task.
        let looked = tokio::task::spawn_blocking(move || {
            let mut eye = eye.lock().unwrap_or_else(PoisonError::into_inner);
            (eye.look(&last), eye.is_told())
        });
        let (now, is_told) = looked.await.expect("looking does not panic");
        self.is_told = is_told;
        if now != self.seen.0 {
            self.seen = (now, Instant::now());
        }
    }
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes")
            .field("known", &self.known)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
