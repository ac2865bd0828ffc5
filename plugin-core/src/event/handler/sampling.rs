//! Decides which calls are timed, because reading the clock twice takes longer than a short
//! handler.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The number of first calls that are timed; after them, one call in this number is timed.
pub(in crate::event) const TIMED: u64 = 64;

/// After the first calls, one in this number of timed calls is billed as well.
const BILLED: u64 = 8;

/// Decides which events of a route are timed.
#[derive(Debug, Default)]
pub(in crate::event) struct Sampling {
    /// Zero while every event is timed; afterwards a mask of the low bits of a thread's count that
    /// are zero when an event is timed.
    mask: AtomicU64,
    timed: AtomicU64,
}

impl Sampling {
    /// Whether an event is timed. `before` is the number of events that the thread has counted.
    #[inline(always)]
    pub(in crate::event) fn is_timed(&self, before: u64) -> bool {
        self.is_any_timed(before, 1)
    }

    /// Whether one of several events is timed.
    #[inline(always)]
    pub(in crate::event) fn is_any_timed(&self, before: u64, events: u64) -> bool {
        before & self.mask.load(Relaxed) < events
    }

    /// Whether a chunk of events is timed as a whole: one in as many chunks as for single events.
    pub(in crate::event) fn is_chunk_timed(&self, before: u64, events: u64) -> bool {
        let every = self.mask.load(Relaxed) + 1;
        before % (every * events) < events
    }

    /// An event is being timed. Returns how many events it stands for on the bill, if it is billed:
    /// each of the first ones is, and then one in eight.
    pub(in crate::event) fn begin(&self) -> Option<u64> {
        let timed = self.timed.fetch_add(1, Relaxed);
        let mask = self.mask.load(Relaxed);
        if mask != 0 {
            let is_billed = timed.is_multiple_of(BILLED);
            return is_billed.then_some((mask + 1) * BILLED);
        }
        if timed + 1 >= TIMED {
            self.mask.store(TIMED - 1, Relaxed);
        }
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_timed_and_one_in_so_many_after_them() {
        let sampling = Sampling::default();
        let timed = |before: u64| {
            let timed = sampling.is_timed(before);
            if timed {
                sampling.begin();
            }
            timed
        };
        assert_eq!((0..TIMED * 3).filter(|&before| timed(before)).count(), 66);
    }

    #[test]
    fn those_that_are_billed_stand_for_all() {
        let sampling = Sampling::default();
        let begin = |before: u64| {
            sampling
                .is_timed(before)
                .then(|| sampling.begin())
                .flatten()
        };
        let billed: Vec<_> = (0..TIMED * 9).filter_map(begin).collect();
        assert_eq!(billed.len() as u64, TIMED + 1);
        assert_eq!(billed.iter().sum::<u64>(), TIMED * 9);
    }

    #[test]
    fn of_series_as_many_are_timed_as_of_events() {
        let sampling = Sampling::default();
        let timed = |chunk: u64| {
            let timed = sampling.is_chunk_timed(chunk * 10, 10);
            if timed {
                sampling.begin();
            }
            timed
        };
        assert_eq!((0..TIMED * 3).filter(|&chunk| timed(chunk)).count(), 66);
    }
}
