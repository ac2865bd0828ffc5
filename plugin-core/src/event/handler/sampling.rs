//! Which calls are timed: to read the clock twice takes longer than a short handler.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// So many calls are timed at first, and one in so many after them.
pub(in crate::event) const TIMED: u64 = 64;

/// Of those that are timed after the first, so many stand behind one that is billed, too.
const BILLED: u64 = 8;

/// Which events of a route are timed.
#[derive(Debug, Default)]
pub(in crate::event) struct Sampling {
    /// Zero while every event is timed, then the low bits of a thread's count that are zero when
    /// one is.
    mask: AtomicU64,
    timed: AtomicU64,
}

impl Sampling {
    /// Whether an event is timed; `before` is how many events the thread had counted.
    #[inline(always)]
    pub(in crate::event) fn is_timed(&self, before: u64) -> bool {
        self.is_any_timed(before, 1)
    }

    /// Whether one of several events is timed.
    #[inline(always)]
    pub(in crate::event) fn is_any_timed(&self, before: u64, events: u64) -> bool {
        before & self.mask.load(Relaxed) < events
    }

    /// Whether a chunk of events is timed as a whole: one in as many chunks as of single events.
    pub(in crate::event) fn is_chunk_timed(&self, before: u64, events: u64) -> bool {
        let every = self.mask.load(Relaxed) + 1;
        before % (every * events) < events
    }

    /// An event is being timed; says how many it stands for on the bill, if it is billed: each of the
    /// first is, and then one in eight.
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
