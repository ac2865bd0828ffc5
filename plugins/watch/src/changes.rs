//! Changes of config files, one after the other.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plugin_core::config::ConfigFiles;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::config::Mode;
use crate::eye::Eye;

/// Notifications within this time are handled together.
const GATHER: Duration = Duration::from_millis(20);

/// After this time, the files are checked even without a notification, because a directory far
/// above them may have been replaced.
const UNTOLD: Duration = Duration::from_secs(60);

/// Files whose content has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The files that changed, appeared or disappeared.
    pub files: Vec<PathBuf>,
}

/// The changes of config files, one after the other. Each is returned once, after the files have
/// not changed for a while.
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
    /// The files at the last returned change.
    known: ConfigFiles,
    /// The files at the last check, and since when they are in this state.
    seen: (ConfigFiles, Instant),
    interval: Duration,
    eye: Arc<Mutex<Eye>>,
    told: Arc<Notify>,
    /// Whether the system notifies of changes; otherwise the files are checked at intervals.
    is_told: bool,
    /// Whether the files have to be checked.
    is_due: bool,
}

impl Changes {
    /// Changes of the files since `known`. `look` reads the files at the paths that config names. A
    /// change is returned when the files have not changed for an interval.
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
            // The first check begins the watch.
            is_due: true,
        }
    }

    /// Waits for the next change.
    ///
    /// # Panics
    ///
    /// Panics if it is called outside of a tokio runtime, or if `look` panics.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change that was not returned is returned by the next call.
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

    /// Waits until something may have changed. If there is a change, waits until the files have
    /// stayed the same for an interval, and returns `true`.
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
        // It runs on its own thread, so that a file system that does not answer delays no other
        // task.
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
