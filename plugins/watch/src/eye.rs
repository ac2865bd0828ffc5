//! Looks at the files, and keeps the watch where they are.

use std::sync::Arc;

use plugin_core::config::ConfigFiles;
use tokio::sync::Notify;

use crate::config::Mode;
use crate::places;
use crate::watching::Watching;

/// Most looks that are taken at once, while directories change under them.
const LOOKS: usize = 8;

/// The files that config is read from, where it says that they are.
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

    /// The files as they are now; a change after this look is told.
    ///
    /// The look comes after the watch: what has changed before the watch began is seen, and what
    /// changes later is told.
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
                // A directory may have gone meanwhile: the next look finds another one.
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

    /// Whether changes are told.
    pub(crate) fn is_told(&self) -> bool {
        self.watching.is_some()
    }

    /// Only where the files hold something else may config name other ones.
    fn files(&self, last: &ConfigFiles) -> ConfigFiles {
        let now = last.now();
        if now == *last { now } else { (self.look)() }
    }
}
