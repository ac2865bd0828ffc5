//! Counts what an instance, or one handler, did with events.

use std::ops::Add;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use schemars::JsonSchema;
use serde::Serialize;

use super::drops::{DropCounts, DropReason, Drops};
use crate::histogram::{Distribution, TimeBuckets, TimedCall};
use crate::rcu::Total;

/// The counters of the handlers of one instance, or of one handler.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Events of inline handlers, which the publishers' threads count.
    pub(crate) inline: Total,
    /// Events of queued handlers.
    queued: AtomicU64,
    pub(crate) errors: AtomicU64,
    drops: Drops,
    retries: AtomicU64,
    dead_lettered: AtomicU64,
    /// The timed events by how long their call took, and the sum of the times.
    times: TimeBuckets,
    nanos: AtomicU64,
    max_nanos: AtomicU64,
}

impl Counters {
    /// Counts the events of a queued call that begins, and returns the previous count.
    pub(crate) fn receive(&self, events: u64) -> u64 {
        self.queued.fetch_add(events, Relaxed)
    }

    /// Counts events that were neither handled nor kept as dead letters.
    #[cold]
    pub(crate) fn drop_events(&self, reason: DropReason, events: u64) {
        self.drops.add(reason, events);
    }

    /// Counts a failed call.
    pub(crate) fn fail(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    /// Counts events with which a handler is called again.
    pub(crate) fn retry(&self, events: u64) {
        self.retries.fetch_add(events, Relaxed);
    }

    /// Counts an event that became a dead letter.
    pub(crate) fn dead_letter(&self) {
        self.dead_lettered.fetch_add(1, Relaxed);
    }

    /// Records the time of a call that handled `events` events.
    #[inline]
    pub(crate) fn took(&self, events: u64, call: TimedCall) {
        self.times.note(events, call);
        self.nanos.fetch_add(call.nanos, Relaxed);
        self.longest(call.nanos);
    }

    #[inline]
    fn longest(&self, nanos: u64) {
        // Most calls are not the longest one, so they do not write.
        if nanos > self.max_nanos.load(Relaxed) {
            self.max_nanos.fetch_max(nanos, Relaxed);
        }
    }

    /// Records the mean time of calls with one event each.
    pub(crate) fn took_each(&self, calls: u64, mean: TimedCall) {
        self.times.note(calls, mean);
        (self.nanos).fetch_add(mean.nanos.saturating_mul(calls), Relaxed);
        self.longest(mean.nanos);
    }

    /// How long the timed calls took.
    pub(crate) fn latency(&self) -> Distribution {
        self.times.snapshot(self.nanos.load(Relaxed))
    }

    pub(crate) fn snapshot(&self) -> EventCounts {
        self.counted(0).into()
    }

    /// The present counts, with the number of published events.
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

/// The counts at one moment, which can be added to the counts of another life.
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

/// What an instance did with events since it was configured.
///
/// Numbers of events are exact. Times are from a sample: for each handler the first calls, then one
/// in 64; for a handler with a `timeout`, every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct EventCounts {
    /// Number of events with which its handlers were called.
    pub received: u64,
    /// Number of events that it published.
    pub published: u64,
    /// Number of calls of its handlers that failed, panicked or timed out, and failures of its
    /// interceptors.
    pub errors: u64,
    /// Number of events that were neither handled nor kept as dead letters, by reason.
    pub dropped: DropCounts,
    /// Number of events with which its handlers were called again after a failure.
    pub retries: u64,
    /// Number of events that its handlers finally failed to handle or did not handle before a stop:
    /// they became dead letters.
    pub dead_lettered: u64,
    /// Mean time that its handlers took for an event in timed calls, in nanoseconds.
    pub mean_nanos: u64,
    /// Longest timed call of a handler, in nanoseconds.
    pub max_nanos: u64,
}
