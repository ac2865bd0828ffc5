//! Chooses which of many events are shown: one in a number of events, and no more than a limit
//! allows, chosen fairly.
//!
//! Invariants: on average, no more than `limit` events are shown in a second; all events between
//! two outputs had the same chance, so that not only the beginning of a burst is shown.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// A token bucket, with a reservoir for the events since the last output.
#[derive(Debug)]
pub(crate) struct Sampler<T> {
    /// Of this number of events, one is considered.
    every: u32,
    /// Most events that are shown in a second.
    limit: u32,
    tokens: f64,
    reservoir: Vec<T>,
    /// Number of events since the last output.
    came: u64,
    random: Random,
}

impl<T> Sampler<T> {
    pub(crate) fn new(every: u32, limit: u32) -> Self {
        Self {
            every: every.max(1),
            limit: limit.max(1),
            tokens: f64::from(limit.max(1)),
            reservoir: Vec::new(),
            came: 0,
            random: Random::new(),
        }
    }

    /// Adds an event to the choice, or leaves out this one or an earlier one.
    pub(crate) fn offer(&mut self, one: T) {
        if self.every > 1 && self.random.below(u64::from(self.every)) != 0 {
            return;
        }
        self.came += 1;
        let room = self.room();
        if self.reservoir.len() < room {
            self.reservoir.push(one);
            return;
        }
        let at = usize::try_from(self.random.below(self.came)).unwrap_or(usize::MAX);
        if let Some(place) = self.reservoir.get_mut(at) {
            *place = one;
        }
    }

    /// The events to show, `passed` after the last call. Without a whole token, none is returned,
    /// and the choice continues.
    pub(crate) fn hand_out(&mut self, passed: Duration) -> Vec<T> {
        let limit = f64::from(self.limit);
        self.tokens = (self.tokens + limit * passed.as_secs_f64()).min(limit);
        if self.reservoir.is_empty() || self.tokens < 1.0 {
            return Vec::new();
        }
        self.came = 0;
        let shown = std::mem::take(&mut self.reservoir);
        self.tokens -= shown.len() as f64;
        shown
    }

    /// Number of events chosen so far for the next output.
    pub(crate) fn waiting(&self) -> usize {
        self.reservoir.len()
    }

    /// Number of events that may be shown at the next output.
    fn room(&self) -> usize {
        (self.tokens as usize).max(1)
    }
}

/// SplitMix64, which is good enough for choosing, but not for secrets.
#[derive(Debug)]
struct Random(u64);

impl Random {
    fn new() -> Self {
        Self(RandomState::new().hash_one(0))
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn few_are_all_shown_in_their_order() {
        let mut sampler = Sampler::new(1, 100);
        (0..90).for_each(|number| sampler.offer(number));
        assert_eq!(sampler.hand_out(TENTH), (0..90).collect::<Vec<_>>());
    }

    #[test]
    fn of_many_no_more_than_the_limit_are_shown_and_not_the_first_ones_alone() {
        let mut sampler = Sampler::new(1, 100);
        let mut shown = Vec::new();
        for tenth in 0..100 {
            (0..1000).for_each(|number| sampler.offer(tenth * 1000 + number));
            shown.extend(sampler.hand_out(TENTH));
        }
        // The first hundred are shown at once, because the bucket was full.
        assert!((1000..=1100).contains(&shown.len()), "{}", shown.len());
        let late = shown.iter().filter(|number| **number % 1000 >= 500).count();
        assert!((350..750).contains(&late), "{late} of {}", shown.len());
    }

    #[test]
    fn a_limit_below_one_for_each_hand_out_holds() {
        let mut sampler = Sampler::new(1, 2);
        let mut shown = 0;
        for _ in 0..100 {
            (0..50).for_each(|number| sampler.offer(number));
            shown += sampler.hand_out(TENTH).len();
        }
        assert!((20..=22).contains(&shown), "{shown}");
    }

    #[test]
    fn one_in_so_many_is_looked_at() {
        let mut sampler = Sampler::new(10, 1_000_000);
        (0..10_000).for_each(|number| sampler.offer(number));
        let shown = sampler.hand_out(TENTH).len();
        assert!((700..1300).contains(&shown), "{shown}");
    }
}
