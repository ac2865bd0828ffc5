//! The store in memory, which always exists and has a limited number of letters.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::letter::{DeadLetter, DeadLetterId};
use super::store::{DeadLetterPage, DeadLetterQuery};

/// Keeps letters ordered by id. If there is no room, a new letter replaces the oldest one.
pub(super) struct Memory {
    letters: Mutex<BTreeMap<DeadLetterId, DeadLetter>>,
    capacity: usize,
    dropped: AtomicU64,
}

impl Memory {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            letters: Mutex::default(),
            capacity,
            dropped: AtomicU64::new(0),
        }
    }

    pub(super) fn put(&self, letter: DeadLetter) {
        let mut letters = self.lock();
        letters.insert(letter.id, letter);
        if letters.len() <= self.capacity {
            return;
        }
        let oldest = letters.pop_first();
        drop(letters);
        if let Some((id, letter)) = oldest {
            self.dropped.fetch_add(1, Relaxed);
            tracing::warn!(
                %id,
                plugin = letter.plugin,
                handler = letter.handler,
                topic = letter.topic,
                capacity = self.capacity,
                "the oldest dead letter was dropped for a new one: raise `dead_letters.capacity`, or replay or drop some"
            );
        }
    }

    pub(super) fn list(&self, query: &DeadLetterQuery) -> DeadLetterPage {
        let letters = self.lock();
        let begin = query.after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut wanted = (letters.range((begin, Bound::Unbounded)))
            .map(|(_, letter)| letter)
            .filter(|letter| query.wants(letter));
        let page: Vec<_> = wanted.by_ref().take(query.limit).cloned().collect();
        let more = wanted.next().is_some();
        DeadLetterPage {
            next: page.last().map(|last| last.id).filter(|_| more),
            letters: page,
        }
    }

    pub(super) fn show(&self, id: DeadLetterId) -> Option<DeadLetter> {
        self.lock().get(&id).cloned()
    }

    pub(super) fn remove(&self, id: DeadLetterId) -> bool {
        self.lock().remove(&id).is_some()
    }

    /// The oldest letters, at most `most`.
    pub(super) fn oldest(&self, most: usize) -> Vec<DeadLetter> {
        self.lock().values().take(most).cloned().collect()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeadLetterId, DeadLetter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
