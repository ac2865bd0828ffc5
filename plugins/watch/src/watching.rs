//! The notifications of the operating system about some directories.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use crate::places::Places;

/// A watch over directories. It ends when it is dropped.
pub(crate) struct Watching {
    places: Places,
    /// Whether one of the directories was removed, so that its watch reports nothing any more.
    is_stale: Arc<AtomicBool>,
    _watcher: RecommendedWatcher,
}

impl Watching {
    /// Begins to watch. `told` is notified of each change in the directories.
    pub(crate) fn new(places: Places, told: &Arc<Notify>) -> notify::Result<Self> {
        let is_stale = Arc::new(AtomicBool::new(false));
        let (stale, told, own) = (Arc::clone(&is_stale), Arc::clone(told), places.clone());
        let heard = move |event: notify::Result<Event>| {
            if let Ok(event) = &event {
                if !matters(event) {
                    return;
                }
                if takes_away(event, &own) {
                    stale.store(true, Relaxed);
                }
            }
            told.notify_one();
        };
        let mut watcher = notify::recommended_watcher(heard)?;
        for place in places.keys() {
            watcher.watch(place, RecursiveMode::NonRecursive)?;
        }
        Ok(Self {
            places,
            is_stale,
            _watcher: watcher,
        })
    }

    /// Whether it watches exactly these directories, and not earlier ones with the same paths.
    pub(crate) fn covers(&self, places: &Places) -> bool {
        !self.is_stale.load(Relaxed) && self.places == *places
    }
}

/// Whether the content may have changed. Reads of files are reported too, but are not changes.
fn matters(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(kind) => kind == AccessKind::Close(AccessMode::Write),
        _ => true,
    }
}

fn takes_away(event: &Event, places: &Places) -> bool {
    let moves = EventKind::is_remove(&event.kind)
        || matches!(event.kind, EventKind::Modify(ModifyKind::Name(_)));
    moves && event.paths.iter().any(|path| places.contains_key(path))
}
