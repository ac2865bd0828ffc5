//! Exact counts at the cost of a plain increment: each thread counts in a cell of its own, and the
//! cells are summed when the count is read.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::record::{self, Slot, ThreadRecord};

/// The free slots, and the number of slots that were ever assigned.
static SLOTS: Mutex<(Vec<Slot>, usize)> = Mutex::new((Vec::new(), 0));

/// A count to which many threads add.
#[derive(Debug)]
pub(crate) struct Tally {
    slot: Slot,
}

impl Tally {
    pub(crate) fn new() -> Self {
        let (free, given) = &mut *slots();
        if let Some(slot) = free.pop() {
            return Self { slot };
        }
        *given += 1;
        Self {
            slot: Slot::announce(*given - 1),
        }
    }

    /// The slot in which threads count.
    pub(crate) fn slot(&self) -> Slot {
        self.slot
    }

    /// Adds one in this thread's cell.
    pub(crate) fn count_here(&self) {
        self.add_here(1);
    }

    /// Adds to this thread's cell, and returns the previous value.
    pub(crate) fn add_here(&self, events: u64) -> u64 {
        let record = ThreadRecord::current();
        if record.needs_attention() {
            record.attend();
        }
        record.add(self.slot, events)
    }

    /// The sum over all threads.
    pub(crate) fn sum(&self) -> u64 {
        record::sum(self.slot)
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Tally {
    /// Everything that could count has been dropped, so no thread counts any more.
    fn drop(&mut self) {
        record::clear(self.slot);
        slots().0.push(self.slot);
    }
}

/// The number of slots that were ever assigned.
pub(crate) fn given() -> usize {
    slots().1
}

fn slots() -> MutexGuard<'static, (Vec<Slot>, usize)> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A total over tallies that are added and removed. The counts of removed tallies are kept.
#[derive(Debug, Default)]
pub(crate) struct Total(Mutex<Parts>);

#[derive(Debug, Default)]
struct Parts {
    settled: u64,
    open: Vec<Arc<Tally>>,
}

impl Total {
    /// From now on, the count of the tally is part of the total.
    pub(crate) fn open(&self, tally: &Arc<Tally>) {
        self.parts().open.push(Arc::clone(tally));
    }

    /// Keeps the final count of the tally.
    pub(crate) fn settle(&self, tally: &Arc<Tally>) {
        let mut parts = self.parts();
        let at = (parts.open.iter()).position(|open| Arc::ptr_eq(open, tally));
        if let Some(at) = at {
            let tally = parts.open.swap_remove(at);
            parts.settled += tally.sum();
        }
    }

    /// The total.
    pub(crate) fn sum(&self) -> u64 {
        let parts = self.parts();
        parts.settled + parts.open.iter().map(|tally| tally.sum()).sum::<u64>()
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_count_together() {
        let tally = Tally::new();
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    for _ in 0..1000 {
                        tally.count_here();
                    }
                });
            }
        });
        assert_eq!(tally.sum(), 4000, "also when the threads have ended");
    }

    #[test]
    fn a_new_tally_starts_at_zero() {
        let first = Tally::new();
        first.count_here();
        drop(first);
        assert_eq!(Tally::new().sum(), 0);
    }

    #[test]
    fn a_total_keeps_what_has_gone() {
        let total = Total::default();
        let tally = Arc::new(Tally::new());
        total.open(&tally);
        tally.count_here();
        total.settle(&tally);
        drop(tally);
        assert_eq!(total.sum(), 1);
    }
}
