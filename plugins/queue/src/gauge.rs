//! The state of the file: whether the last write succeeded, and how much was written.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plugin_core::Error;

use crate::displacement::Displaced;
use crate::limit::Full;

/// The writer shares it with those that read the state.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    /// The error of the last write.
    failure: Mutex<Option<String>>,
    commits: AtomicU64,
    displaced: AtomicU64,
    /// Whether a transaction holds the lock of the file.
    is_writing: AtomicBool,
    /// Whether nothing should wait any more.
    is_hurried: AtomicBool,
    /// What happens to new events while there is no room.
    full: Mutex<Option<Full>>,
}

impl Gauge {
    /// Records a commit.
    pub(crate) fn commits(&self, displaced: &[Displaced], trimmed: &[String]) {
        self.commits.fetch_add(1, Relaxed);
        if let Some(was) = self.failure().take() {
            tracing::info!(was, "the queue can be written again");
        }
        self.displaced.fetch_add(displaced.len() as u64, Relaxed);
        if let [oldest, ..] = displaced {
            tracing::warn!(
                events = displaced.len(),
                subscription = oldest.subscription,
                oldest = oldest.key.map(tracing::field::display),
                "the queue is full, and `on_full` is `drop_oldest`: the oldest events were dropped unhandled"
            );
        }
        if let [oldest, ..] = trimmed {
            tracing::warn!(
                letters = trimmed.len(),
                oldest,
                newest = trimmed.last(),
                "there are more dead letters than `max_dead_letters`: the oldest were dropped"
            );
        }
    }

    /// Records whether there is room, and logs changes.
    pub(crate) fn fills(&self, full: Option<Full>) {
        let before = std::mem::replace(&mut *lock(&self.full), full);
        let kind = |full: Option<Full>| full.map(|full| std::mem::discriminant(&full));
        if kind(before) == kind(full) {
            return;
        }
        let what = match full {
            Some(Full::Waits) => "new events wait for room",
            Some(Full::Refuses(_)) => "new events are refused",
            // Each transaction that drops events logs it.
            Some(Full::Drops) => return,
            None => return tracing::info!("the queue has room again"),
        };
        tracing::warn!(
            "the queue is full, and {what}: their handlers are slower than they come, or stand still \
             (`queue` shows whose they are; `max_events` and `max_bytes` bound it)"
        );
    }

    /// What happens to new events, if there is no room.
    pub(crate) fn full(&self) -> Option<Full> {
        *lock(&self.full)
    }

    /// Records whether a transaction holds the lock of the file.
    pub(crate) fn holds_the_lock(&self, is_writing: bool) {
        self.is_writing.store(is_writing, Relaxed);
    }

    /// Whether a transaction holds the lock of the file.
    pub(crate) fn is_writing(&self) -> bool {
        self.is_writing.load(Relaxed)
    }

    /// From now on, nothing waits.
    pub(crate) fn hurry(&self) {
        self.is_hurried.store(true, Relaxed);
    }

    /// Whether nothing should wait any more.
    pub(crate) fn is_hurried(&self) -> bool {
        self.is_hurried.load(Relaxed)
    }

    /// Records a failed write.
    pub(crate) fn fails(&self, error: &Error) {
        let before = self.failure().replace(error.to_string());
        if before.is_none() {
            tracing::error!("the queue can't be written: {error}");
        }
    }

    /// The error of the last write.
    pub(crate) fn failure(&self) -> MutexGuard<'_, Option<String>> {
        lock(&self.failure)
    }

    /// Number of transactions so far.
    pub(crate) fn transactions(&self) -> u64 {
        self.commits.load(Relaxed)
    }

    /// Number of events that were dropped for new ones.
    #[cfg(test)]
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced.load(Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
