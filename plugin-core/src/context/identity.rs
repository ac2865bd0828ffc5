//! The identity of an instance: its name, its rights and its counters, which all its handles share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counts::{Counters, Counts, EventCounts};
use super::drops::DropReason;
use super::{Current, Lineage, Meta};
use crate::accounting::Account;
use crate::histogram::Histogram;
use crate::instance_name::InstanceName;
use crate::permission::Grants;
use crate::rcu::Tally;

/// Identifies an instance of a plugin. The order is the start order, by which handlers are called
/// and providers are sorted.
///
/// It stays the same when other instances of the plugin are added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct InstanceId {
    /// The plugin's place in the start order of the build, whether or not config enables it.
    pub(crate) plugin: usize,
    /// The label that distinguishes the instances of a plugin; empty for the instance without a
    /// label.
    pub(crate) label: &'static str,
    /// Its number among the replicas that share the section of config, from 0.
    pub(crate) number: usize,
}

impl InstanceId {
    /// An identity that is ordered after all instances.
    pub(crate) const LAST: Self = Self {
        plugin: usize::MAX,
        label: "",
        number: 0,
    };
}

/// The identity of an instance.
#[derive(Debug)]
pub struct Identity {
    uid: usize,
    plugin: &'static str,
    section: &'static str,
    name: &'static str,
    /// Whether each event goes to only one of the replicas of its section.
    shares_events: bool,
    id: InstanceId,
    grants: Grants,
    counters: Counters,
    published: Tally,
    /// The counters of the lives before this one.
    before: Mutex<EarlierLives>,
    /// How long events wait in its mailbox.
    waits: Histogram,
    /// Whether its publishers are invalid because it has stopped.
    muted: AtomicBool,
    /// Whether it is the manager, whose own events can't be refused.
    is_manager: bool,
    /// Longest chain of events that ends in an event that it publishes.
    max_event_depth: u16,
    account: &'static Account,
}

/// The counters of the lives of an instance before this one.
#[derive(Debug, Default)]
struct EarlierLives {
    /// Those of the lives that have ended.
    ended: Counts,
    /// The previous life, which may still continue beside this one.
    last: Option<Arc<Identity>>,
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
            before: Mutex::default(),
            waits: Histogram::default(),
            muted: AtomicBool::new(false),
            is_manager: false,
            max_event_depth: u16::MAX,
            account: Account::nobody(),
        }
    }

    /// The same identity, with the account that is billed.
    pub(crate) fn billed(mut self, account: &'static Account) -> Self {
        self.account = account;
        self
    }

    /// The resources that it uses.
    pub(crate) fn account(&self) -> &'static Account {
        self.account
    }

    /// The same identity, with a limit on chains of events.
    pub(crate) fn bounded(mut self, max_event_depth: u16) -> Self {
        // The depth is counted up to `u16::MAX`, and must be able to exceed this limit.
        self.max_event_depth = max_event_depth.min(u16::MAX - 1);
        self
    }

    /// Longest chain of events that ends in an event that it publishes.
    pub(crate) fn max_event_depth(&self) -> u16 {
        self.max_event_depth
    }

    /// The same identity, as one of several replicas that share the events of their section.
    pub(crate) fn sharing_events(mut self, shares: bool) -> Self {
        self.shares_events = shares;
        self
    }

    /// Name of its plugin.
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

    /// From now on, it can't publish events.
    pub(crate) fn mute(&self) {
        self.muted.store(true, SeqCst);
    }

    pub(crate) fn unmute(&self) {
        self.muted.store(false, SeqCst);
    }

    pub(crate) fn is_muted(&self) -> bool {
        self.muted.load(SeqCst)
    }

    /// Counts events that it could not publish because it or the service stops.
    #[cold]
    pub(crate) fn drop_at_stop(&self, events: u64) {
        self.counters.drop_events(DropReason::Stopping, events);
    }

    /// A number that is unique in this process.
    pub(crate) fn uid(&self) -> usize {
        self.uid
    }

    /// Name of the instance.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The same identity, as the manager itself.
    pub(crate) fn of_manager(mut self) -> Self {
        self.is_manager = true;
        self
    }

    /// Whether it is the manager, whose own events can't be refused.
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

    /// How long events wait in its mailbox, from a sample.
    pub(crate) fn waits(&self) -> &Histogram {
        &self.waits
    }

    /// Its counters so far, in this life and in the lives that it followed.
    pub(crate) fn events(&self) -> EventCounts {
        self.counted().into()
    }

    fn counted(&self) -> Counts {
        let own = self.counters.counted(self.published.sum());
        let before = self.before();
        let last = before.last.as_ref().map(|last| last.counted());
        own + before.ended + last.unwrap_or_default()
    }

    /// Continues the counters of another life, which may continue beside this one.
    pub(crate) fn follow(&self, before: &Arc<Self>) {
        self.before().last = Some(Arc::clone(before));
    }

    /// The life that it followed has ended.
    pub(crate) fn outlive(&self) {
        let mut before = self.before();
        if let Some(last) = before.last.take() {
            before.ended = before.ended + last.counted();
        }
    }

    fn before(&self) -> MutexGuard<'_, EarlierLives> {
        self.before.lock().unwrap_or_else(PoisonError::into_inner)
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
