//! Reads the files, and adjusts the watch to their directories.

use std::sync::Arc;

use plugin_core::config::ConfigFiles;
use tokio::sync::Notify;

use crate::config::Mode;
use crate::places;
use crate::watching::Watching;

/// Most readings in one check, while directories change.
const LOOKS: usize = 8;

/// Reads the config files at the paths that config names.
pub(crate) type Look = Box<dyn Fn() -> ConfigFiles + Send>;

pub(crate) struct Eye {
    look: Look,
    mode: Mode,
    told: Arc<Notify>,
    watching: Option<Watching>,
}

impl Eye {
    pub(crate) fn new(look: Look, mode: Mode, told: Arc<Notify>) -> Self {
        Self {
            look,
            mode,
            told,
            watching: None,
        }
    }

    /// The files as they are now; later changes cause a notification.
    ///
    /// The files are read after the watch has begun: a change before that is read, and a later
    /// change causes a notification.
    pub(crate) fn look(&mut self, last: &ConfigFiles) -> ConfigFiles {
        let mut files = self.files(last);
        for _ in 0..LOOKS {
            if self.mode == Mode::Poll {
                break;
            }
            let places = places::of(&files);
            let covers = |watching: &Watching| watching.covers(&places);
            if self.watching.as_ref().is_some_and(covers) {
                break;
            }
            match Watching::new(places, &self.told) {
                Ok(watching) => self.watching = Some(watching),
                // A directory may have been removed meanwhile; the next reading uses another one.
                Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                Err(error) => {
                    tracing::warn!(
                        "the operating system does not tell of changes, the files are looked at every `watch_interval`: {error}"
                    );
                    self.mode = Mode::Poll;
                    self.watching = None;
                }
            }
            files = self.files(&files);
        }
        files
    }

    /// Whether the system notifies of changes.
    pub(crate) fn is_told(&self) -> bool {
        self.watching.is_some()
    }

    /// Config can name other files only if the content of a file has changed.
    fn files(&self, last: &ConfigFiles) -> ConfigFiles {
        let now = last.now();
        if now == *last { now } else { (self.look)() }
    }
}
