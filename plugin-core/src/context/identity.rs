//! Who an instance is: its name, its rights and its counters, shared by all of its handles.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

use serde::Serialize;

use super::{Current, Lineage, Meta};
use crate::accounting::Account;
use crate::histogram::{Distribution, Histogram, TimeBuckets};
use crate::instance_name::InstanceName;
use crate::permission::Grants;
use crate::rcu::{Tally, Total};

/// Which instance of which plugin: the order is the start order, by which handlers are called and
/// providers are sorted.
///
/// It stays the same when other instances of the plugin come or go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct InstanceId {
    /// The plugin's place in the start order of the build, whether or not config enables it.
    pub(crate) plugin: usize,
    /// The label that tells the instances of a plugin apart; one has none.
    pub(crate) label: &'static str,
    /// Its number among the replicas that share the section of config, from 0.
    pub(crate) number: usize,
}

impl InstanceId {
    /// The place of what comes after all instances.
    pub(crate) const LAST: Self = Self {
        plugin: usize::MAX,
        label: "",
        number: 0,
    };
}

/// Who an instance is.
#[derive(Debug)]
pub struct Identity {
    uid: usize,
    plugin: &'static str,
    section: &'static str,
    name: &'static str,
    /// Whether each event goes to one of the replicas of its section.
    shares_events: bool,
    id: InstanceId,
    grants: Grants,
    counters: Counters,
    published: Tally,
    /// How long events wait in its mailbox.
    waits: Histogram,
    /// Whether its publishers are void: it has stopped.
    muted: AtomicBool,
    /// Whether it is the manager, whose own events nobody refuses.
    is_manager: bool,
    /// How many events may come one after the other until one that it publishes.
    max_event_depth: u16,
    account: &'static Account,
}

impl Identity {
    pub(crate) fn new(name: &'static str, id: InstanceId, grants: Grants) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let parts = InstanceName::of(name);
        Self {
            uid: NEXT.fetch_add(1, Relaxed),
            plugin: parts.plugin,
            section: parts.section,
            name,
            shares_events: false,
            id,
            grants,
            counters: Counters::default(),
            published: Tally::new(),
            waits: Histogram::default(),
            muted: AtomicBool::new(false),
            is_manager: false,
            max_event_depth: u16::MAX,
            account: Account::nobody(),
        }
    }

    /// The same, billed for what it takes.
    pub(crate) fn billed(mut self, account: &'static Account) -> Self {
        self.account = account;
        self
    }

    /// What it takes of the machine.
    pub(crate) fn account(&self) -> &'static Account {
        self.account
    }

    /// The same, with a bound on chains of events.
    pub(crate) fn bounded(mut self, max_event_depth: u16) -> Self {
        // A depth is counted as far as `u16::MAX`, and has to be able to be more than this.
        self.max_event_depth = max_event_depth.min(u16::MAX - 1);
        self
    }

    /// How many events may come one after the other until one that it publishes.
    pub(crate) fn max_event_depth(&self) -> u16 {
        self.max_event_depth
    }

    /// The same, as one of several replicas that share the events of their section.
    pub(crate) fn sharing_events(mut self, shares: bool) -> Self {
        self.shares_events = shares;
        self
    }

    /// Name of the plugin that it is an instance of.
    pub(crate) fn plugin(&self) -> &'static str {
        self.plugin
    }

    /// The name of its section of config, which its replicas share.
    pub(crate) fn section(&self) -> &'static str {
        self.section
    }

    /// Whether each event goes to one of the replicas of its section, and not to all.
    pub(crate) fn shares_events(&self) -> bool {
        self.shares_events
    }

    /// From here on it publishes nothing.
    pub(crate) fn mute(&self) {
        self.muted.store(true, SeqCst);
    }

    pub(crate) fn unmute(&self) {
        self.muted.store(false, SeqCst);
    }

    pub(crate) fn is_muted(&self) -> bool {
        self.muted.load(SeqCst)
    }

    /// A number that no other instance of this process has.
    pub(crate) fn uid(&self) -> usize {
        self.uid
    }

    /// Name of the instance.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The same, as the manager itself.
    pub(crate) fn of_manager(mut self) -> Self {
        self.is_manager = true;
        self
    }

    /// Whether it is the manager, whose own events nobody refuses.
    pub(crate) fn is_manager(&self) -> bool {
        self.is_manager
    }

    /// Its place in the start order, by which handlers are called and providers are sorted.
    pub(crate) fn id(&self) -> InstanceId {
        self.id
    }

    /// What the instance may do.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Counts the events that it publishes.
    pub(crate) fn published(&self) -> &Tally {
        &self.published
    }

    /// How long events wait in its mailbox, of a sample.
    pub(crate) fn waits(&self) -> &Histogram {
        &self.waits
    }

    /// What it did with events so far.
    pub(crate) fn events(&self) -> EventCounts {
        EventCounts {
            published: self.published.sum(),
            ..self.counters.snapshot()
        }
    }

    /// The context of code of this instance.
    pub(crate) fn current(&self) -> Current {
        Current {
            plugin: self.name,
            event: None,
            may_log: self.grants.may_log(),
            deadline: None,
            worker: None,
            answering: None,
            lineage: Lineage::None,
            account: self.account,
        }
    }

    /// The context of a handler of this instance.
    pub(crate) fn handling(&self, event: &Meta) -> Current {
        Current {
            event: Some(event.id),
            lineage: Lineage::Event(event.parent, event.id),
            ..self.current()
        }
    }
}

/// What handlers did, of one instance or one alone.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Events of inline handlers, counted by the publishers' threads.
    pub(crate) inline: Total,
    /// Events of queued handlers.
    queued: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) dropped: AtomicU64,
    retries: AtomicU64,
    dead_lettered: AtomicU64,
    /// Events that it was not let publish.
    refused: AtomicU64,
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

    /// Counts an event that middleware refused.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Relaxed);
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
    pub(crate) fn took(&self, events: u64, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.times.note(events, nanos);
        self.nanos.fetch_add(nanos, Relaxed);
        self.longest(nanos);
    }

    fn longest(&self, nanos: u64) {
        // Most calls are not the longest: those write nothing.
        if nanos > self.max_nanos.load(Relaxed) {
            self.max_nanos.fetch_max(nanos, Relaxed);
        }
    }

    /// Notes the mean time of calls with one event each.
    pub(crate) fn took_each(&self, calls: u64, mean: Duration) {
        let nanos = u64::try_from(mean.as_nanos()).unwrap_or(u64::MAX);
        self.times.note(calls, nanos);
        (self.nanos).fetch_add(nanos.saturating_mul(calls), Relaxed);
        self.longest(nanos);
    }

    /// How long calls took, of those that were timed.
    pub(crate) fn latency(&self) -> Distribution {
        self.times.snapshot(self.nanos.load(Relaxed))
    }

    pub(crate) fn snapshot(&self) -> EventCounts {
        let nanos = self.nanos.load(Relaxed);
        EventCounts {
            received: self.inline.sum() + self.queued.load(Relaxed),
            published: 0,
            errors: self.errors.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            retries: self.retries.load(Relaxed),
            dead_lettered: self.dead_lettered.load(Relaxed),
            refused: self.refused.load(Relaxed),
            mean_nanos: nanos.checked_div(self.times.count()).unwrap_or(0),
            max_nanos: self.max_nanos.load(Relaxed),
        }
    }
}

/// What an instance did with events, since it was configured.
///
/// Numbers of events are exact. Times are those of a sample: of each handler the first calls, then
/// one in 64; of a handler with a `timeout` every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct EventCounts {
    /// Events that its handlers were called with.
    pub received: u64,
    /// Events that it published.
    pub published: u64,
    /// Calls of its handlers that failed, panicked or ran out of time, and faults of its middleware.
    pub errors: u64,
    /// Events dropped by an overflow policy.
    pub dropped: u64,
    /// Events that its handlers were called with again after they had failed with them.
    pub retries: u64,
    /// Events that its handlers failed with for good, or did not come to: they are in the dead
    /// letters.
    pub dead_lettered: u64,
    /// Events that middleware did not let it publish.
    pub refused: u64,
    /// Mean time of an event in its handlers, of those that were timed, in nanoseconds.
    pub mean_nanos: u64,
    /// Longest call of a handler, of those that were timed, in nanoseconds.
    pub max_nanos: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_of_its_plugin_and_shares_events_only_if_it_is_told_to() {
        let name = "hello-plugin@eu#2";
        let second = Identity::new(name, InstanceId::default(), Grants::all(name));
        assert_eq!(second.plugin(), "hello-plugin");
        assert_eq!(second.section(), "hello-plugin@eu");
        assert!(!second.shares_events());
        assert!(second.sharing_events(true).shares_events());
    }
}
