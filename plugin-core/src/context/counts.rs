//! What an instance, or one handler, did with events.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Serialize;

use super::drops::{DropCounts, DropReason, Drops};
use crate::histogram::{Distribution, TimeBuckets, TimedCall};
use crate::rcu::Total;

/// What handlers did, of one instance or one alone.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Events of inline handlers, counted by the publishers' threads.
    pub(crate) inline: Total,
    /// Events of queued handlers.
    queued: AtomicU64,
    pub(crate) errors: AtomicU64,
    drops: Drops,
    retries: AtomicU64,
    dead_lettered: AtomicU64,
    /// Events whose time was taken, by how long their call took, and the sum of the calls.
    times: TimeBuckets,
    nanos: AtomicU64,
    max_nanos: AtomicU64,
}

impl Counters {
    /// Counts the events of a queued call that begins, and says how many there were before.
    pub(crate) fn receive(&self, events: u64) -> u64 {
        self.queued.fetch_add(events, Relaxed)
    }

    /// Counts events that were neither handled nor kept as dead letters.
    #[cold]
    pub(crate) fn drop_events(&self, reason: DropReason, events: u64) {
        self.drops.add(reason, events);
    }

    /// Counts a call that failed.
    pub(crate) fn fail(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    /// Counts events that a handler is called with again.
    pub(crate) fn retry(&self, events: u64) {
        self.retries.fetch_add(events, Relaxed);
    }

    /// Counts an event that went to the dead letters.
    pub(crate) fn dead_letter(&self) {
        self.dead_lettered.fetch_add(1, Relaxed);
    }

    /// Notes the time of a call that handled `events` events.
    #[inline]
    pub(crate) fn took(&self, events: u64, call: TimedCall) {
        self.times.note(events, call);
        self.nanos.fetch_add(call.nanos, Relaxed);
        self.longest(call.nanos);
    }

    #[inline]
    fn longest(&self, nanos: u64) {
        // Most calls are not the longest: those write nothing.
        if nanos > self.max_nanos.load(Relaxed) {
            self.max_nanos.fetch_max(nanos, Relaxed);
        }
    }

    /// Notes the mean time of calls with one event each.
    pub(crate) fn took_each(&self, calls: u64, mean: TimedCall) {
        self.times.note(calls, mean);
        (self.nanos).fetch_add(mean.nanos.saturating_mul(calls), Relaxed);
        self.longest(mean.nanos);
    }

    /// How long calls took, of those that were timed.
    pub(crate) fn latency(&self) -> Distribution {
        self.times.snapshot(self.nanos.load(Relaxed))
    }

    pub(crate) fn snapshot(&self) -> EventCounts {
        self.counted(0).into()
    }

    /// The counts of now, with those of the events that were published.
    pub(super) fn counted(&self, published: u64) -> Counts {
        Counts {
            received: self.inline.sum() + self.queued.load(Relaxed),
            published,
            errors: self.errors.load(Relaxed),
            dropped: self.drops.snapshot(),
            retries: self.retries.load(Relaxed),
            dead_lettered: self.dead_lettered.load(Relaxed),
            timed: self.times.count(),
            nanos: self.nanos.load(Relaxed),
            max_nanos: self.max_nanos.load(Relaxed),
        }
    }
}

/// Counts of one moment, which can be added to those of another life.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    received: u64,
    published: u64,
    errors: u64,
    dropped: DropCounts,
    retries: u64,
    dead_lettered: u64,
    timed: u64,
    nanos: u64,
    max_nanos: u64,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            received: self.received + other.received,
            published: self.published + other.published,
            errors: self.errors + other.errors,
            dropped: self.dropped + other.dropped,
            retries: self.retries + other.retries,
            dead_lettered: self.dead_lettered + other.dead_lettered,
            timed: self.timed + other.timed,
            nanos: self.nanos.saturating_add(other.nanos),
            max_nanos: self.max_nanos.max(other.max_nanos),
        }
    }
}

impl From<Counts> for EventCounts {
    fn from(counts: Counts) -> Self {
        Self {
            received: counts.received,
            published: counts.published,
            errors: counts.errors,
            dropped: counts.dropped,
            retries: counts.retries,
            dead_lettered: counts.dead_lettered,
            mean_nanos: counts.nanos.checked_div(counts.timed).unwrap_or(0),
            max_nanos: counts.max_nanos,
        }
    }
}

/// What an instance did with events, since it was configured.
///
/// Numbers of events are exact. Times are those of a sample: of each handler the first calls, then
/// one in 64; of a handler with a `timeout` every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct EventCounts {
    /// Events that its handlers were called with.
    pub received: u64,
    /// Events that it published.
    pub published: u64,
    /// Calls of its handlers that failed, panicked or ran out of time, and faults of its interceptors.
    pub errors: u64,
    /// Events that were neither handled nor kept as dead letters, by reason.
    pub dropped: DropCounts,
    /// Events that its handlers were called with again after they had failed with them.
    pub retries: u64,
    /// Events that its handlers failed with for good, or did not come to: they are in the dead
    /// letters.
    pub dead_lettered: u64,
    /// Mean time of an event in its handlers, of those that were timed, in nanoseconds.
    pub mean_nanos: u64,
    /// Longest call of a handler, of those that were timed, in nanoseconds.
    pub max_nanos: u64,
}
