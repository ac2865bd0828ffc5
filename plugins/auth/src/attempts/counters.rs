//! Counters by key, in limited memory: expired counters are removed first, then those that were not
//! used for the longest time.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// A counter that expires some time after its last use.
pub(super) trait Aging {
    /// When it was used last.
    fn last(&self) -> Instant;

    /// Whether it may be removed.
    fn is_over(&self, now: Instant, window: Duration) -> bool;
}

/// Counters by key. Keys are hashes with a secret of the process, so that clients can't choose
/// them.
#[derive(Debug)]
pub(super) struct Counters<T> {
    counters: HashMap<u64, T>,
    most: usize,
}

impl<T: Aging> Counters<T> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            counters: HashMap::new(),
            most,
        }
    }

    /// The counter of a key, unless it has expired.
    pub(super) fn get(&mut self, key: u64, now: Instant, window: Duration) -> Option<&mut T> {
        let counter = self.counters.get_mut(&key)?;
        (!counter.is_over(now, window)).then_some(counter)
    }

    /// The counter of a key; a new one if there is none, or if it has expired.
    pub(super) fn of(
        &mut self,
        key: u64,
        now: Instant,
        window: Duration,
        fresh: impl Fn() -> T,
    ) -> &mut T {
        if self.counters.len() >= self.most && !self.counters.contains_key(&key) {
            self.make_room(now, window);
        }
        let counter = self.counters.entry(key).or_insert_with(&fresh);
        if counter.is_over(now, window) {
            *counter = fresh();
        }
        counter
    }

    pub(super) fn remove(&mut self, key: u64) {
        self.counters.remove(&key);
    }

    /// Removes a quarter at a time, so that this happens rarely.
    fn make_room(&mut self, now: Instant, window: Duration) {
        self.counters.retain(|_, it| !it.is_over(now, window));
        let target = self.most - self.most / 4;
        if self.counters.len() <= target {
            return;
        }
        let mut ages: Vec<_> = self.counters.values().map(Aging::last).collect();
        let place = ages.len() - target;
        let (_, &mut limit, _) = ages.select_nth_unstable(place);
        let mut surplus = place;
        self.counters.retain(|_, it| {
            let goes = surplus > 0 && it.last() <= limit;
            surplus -= usize::from(goes);
            !goes
        });
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counters.len()
    }
}
