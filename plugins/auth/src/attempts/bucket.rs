//! The counters: the failures of a pair, and budgets that refill steadily.
//!
//! A budget is a token bucket, stored as in the Generic Cell Rate Algorithm: as the moment at which
//! it would be full again.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use super::counters::Aging;

/// Failures of a user from a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) failures: u32,
    last: Instant,
    /// No attempt may begin before this moment.
    until: Instant,
}

impl Pair {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            failures: 0,
            last: now,
            until: now,
        }
    }

    /// The remaining pause, if there is one.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        (now < self.until).then(|| self.until - now)
    }

    /// Counts a failure. From number `free` on, each causes a pause: `pause` at first, doubled each
    /// time, at most `longest`.
    pub(super) fn fail(&mut self, now: Instant, free: u32, pause: Duration, longest: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.last = now;
        if let Some(too_many) = self.failures.checked_sub(free) {
            let factor = 1_u32.checked_shl(too_many.min(30)).unwrap_or(u32::MAX);
            self.until = now + pause.saturating_mul(factor).min(longest);
        }
    }

    /// Takes back a failure with its pause.
    pub(super) fn give_back(&mut self, before: &Self) {
        self.failures = self.failures.saturating_sub(1);
        self.until = before.until;
    }
}

impl Aging for Pair {
    fn last(&self) -> Instant {
        self.last
    }

    fn is_over(&self, now: Instant, window: Duration) -> bool {
        now.saturating_duration_since(self.until.max(self.last)) >= window
    }
}

/// A budget of failures in a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    full: Instant,
}

impl Bucket {
    pub(super) fn new(now: Instant) -> Self {
        Self { full: now }
    }

    /// The time until the next attempt, if there is a pause.
    pub(super) fn wait(
        &self,
        now: Instant,
        window: Duration,
        most: NonZeroU32,
    ) -> Option<Duration> {
        let used = self.full.saturating_duration_since(now) + window / most.get();
        used.checked_sub(window).filter(|wait| !wait.is_zero())
    }

    pub(super) fn take(&mut self, now: Instant, window: Duration, most: NonZeroU32) {
        self.full = self.full.max(now) + window / most.get();
    }

    pub(super) fn give_back(&mut self, window: Duration, most: NonZeroU32) {
        let full = self.full.checked_sub(window / most.get());
        self.full = full.unwrap_or(self.full);
    }
}

impl Aging for Bucket {
    fn last(&self) -> Instant {
        self.full
    }

    fn is_over(&self, now: Instant, _: Duration) -> bool {
        now >= self.full
    }
}

/// The logins from a network.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) budget: Bucket,
    pub(super) running: u32,
}

impl Network {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            budget: Bucket::new(now),
            running: 0,
        }
    }
}

impl Aging for Network {
    fn last(&self) -> Instant {
        self.budget.last()
    }

    fn is_over(&self, now: Instant, window: Duration) -> bool {
        self.running == 0 && self.budget.is_over(now, window)
    }
}
