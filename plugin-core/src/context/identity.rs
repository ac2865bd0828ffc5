//! Who an instance is: its name, its rights and its counters, shared by all of its handles.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::counts::{Counters, Counts, EventCounts};
use super::{Current, Lineage, Meta};
use crate::permission::Grants;
use crate::rcu::Tally;

/// Who an instance is.
#[derive(Debug)]
pub struct Identity {
    uid: usize,
    plugin: &'static str,
    name: &'static str,
    /// Whether each event goes to one of the instances of its plugin.
    shares_events: bool,
    order: usize,
    grants: Grants,
    counters: Counters,
    published: Tally,
    /// What the lives before this one did.
    before: Mutex<EarlierLives>,
    /// Whether its publishers are void: it has stopped.
    muted: AtomicBool,
    /// Whether it is the manager, whose own events nobody refuses.
    is_manager: bool,
    /// How many events may come one after the other until one that it publishes.
    max_event_depth: u16,
}

/// What the lives of an instance before this one did.
#[derive(Debug, Default)]
struct EarlierLives {
    /// Those that have ended.
    ended: Counts,
    /// The one that may still go on beside this one.
    last: Option<Arc<Identity>>,
}

/// Name of the plugin that an instance is of: `hello-plugin` of `hello-plugin#2`.
///
/// This is the one place that reads a name of an instance.
pub(crate) fn plugin_of(instance: &str) -> &str {
    instance
        .split_once('#')
        .map_or(instance, |(plugin, _)| plugin)
}

impl Identity {
    /// `order` is the place in the start order, by which handlers are called.
    pub(crate) fn new(name: &'static str, order: usize, grants: Grants) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        Self {
            uid: NEXT.fetch_add(1, Relaxed),
            plugin: plugin_of(name),
            name,
            shares_events: false,
            order,
            grants,
            counters: Counters::default(),
            published: Tally::new(),
            before: Mutex::default(),
            muted: AtomicBool::new(false),
            is_manager: false,
            max_event_depth: u16::MAX,
        }
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

    /// The same, as one of several instances that share the events of their plugin.
    pub(crate) fn sharing_events(mut self, shares: bool) -> Self {
        self.shares_events = shares;
        self
    }

    /// Name of the plugin that it is an instance of.
    pub(crate) fn plugin(&self) -> &'static str {
        self.plugin
    }

    /// Whether each event goes to one of the instances of its plugin, and not to all.
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

    pub(crate) fn order(&self) -> usize {
        self.order
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

    /// What it did with events so far, in this life and in those that it followed.
    pub(crate) fn events(&self) -> EventCounts {
        self.counted().into()
    }

    fn counted(&self) -> Counts {
        let own = self.counters.counted(self.published.sum());
        let before = self.before();
        let last = before.last.as_ref().map(|last| last.counted());
        own + before.ended + last.unwrap_or_default()
    }

    /// Goes on with the counts of another life, which may go on beside this one.
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
        assert_eq!(plugin_of("hello-plugin"), "hello-plugin");
        assert_eq!(plugin_of("hello-plugin#2"), "hello-plugin");
        assert_eq!(plugin_of("hello-plugin-eu"), "hello-plugin-eu");
        let second = Identity::new("hello-plugin#2", 0, Grants::all("hello-plugin#2"));
        assert_eq!(second.plugin(), "hello-plugin");
        assert!(!second.shares_events());
        assert!(second.sharing_events(true).shares_events());
    }
}
