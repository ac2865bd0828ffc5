//! How the file does: whether the last write worked, and how much was written.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use plugin_core::Error;

use crate::displacement::Displaced;
use crate::request::Request;

/// Shared by the writer and those who ask.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    /// What the last write failed with.
    failure: Mutex<Option<String>>,
    commits: AtomicU64,
    displaced: AtomicU64,
    /// Whether events wait for room.
    is_full: AtomicBool,
}

impl Gauge {
    /// Notes a commit.
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

    /// Notes what waits for room, and says so when that begins and ends.
    pub(crate) fn keeps_waiting(&self, waiting: &[Request]) {
        let is_full = !waiting.is_empty();
        match (self.is_full.swap(is_full, Relaxed), is_full) {
            (false, true) => tracing::warn!(
                "the queue is full, and new events wait for room: their handlers are slower than they \
                 come, or stand still (`queue` shows whose they are; `max_events` and `max_bytes` \
                 bound it)"
            ),
            (true, false) => tracing::info!("the queue has room again"),
            _ => {}
        }
    }

    /// Whether events wait for room.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Relaxed)
    }

    /// Notes a write that failed.
    pub(crate) fn fails(&self, error: &Error) {
        let before = self.failure().replace(error.to_string());
        if before.is_none() {
            tracing::error!("the queue can't be written: {error}");
        }
    }

    /// What the last write failed with.
    pub(crate) fn failure(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Transactions so far.
    #[cfg(test)]
    pub(crate) fn transactions(&self) -> u64 {
        self.commits.load(Relaxed)
    }

    /// Events that gave way to new ones.
    #[cfg(test)]
    pub(crate) fn displaced(&self) -> u64 {
        self.displaced.load(Relaxed)
    }
}
