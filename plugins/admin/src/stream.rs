//! The stream: what happens, told to whoever listens, until the plugin stops.
//!
//! State changes and operations are kept in a ring of fixed size, so that a listener whose connection
//! broke can go on where it was. Each listener takes what it has not had when there is room on its
//! connection; nobody waits for one, and what a slow one has missed is told it as a number.

pub(crate) mod session;
pub(crate) mod topics;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plugin_core::Timestamp;
use plugin_core::event::{AnyEvent, SubscriptionHandle};
use plugin_core::lifecycle::{
    PluginFailed, PluginInitialized, PluginReplaced, PluginStarted, PluginStopped, SystemOperated,
};
use plugin_core::prelude::*;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};

use topics::Topic;

/// Messages that are kept for listeners that come back.
const KEPT: usize = 1024;

/// What all listeners have in common.
#[derive(Debug)]
pub(crate) struct Feed {
    ring: Mutex<MessageRing>,
    /// The number of the next message; changes when there is one.
    next: watch::Sender<u64>,
    /// Whether the plugin stops.
    stops: watch::Sender<bool>,
    /// Tells this life of the feed from others: numbers begin anew.
    life: String,
    /// How many may listen.
    pub(crate) seats: Arc<Semaphore>,
    /// Keeps the observers.
    observed: Mutex<Vec<SubscriptionHandle>>,
}

#[derive(Debug, Default)]
struct MessageRing {
    messages: VecDeque<Message>,
    next: u64,
}

/// A message that is kept.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    number: u64,
    topic: Topic,
    /// Its data as JSON.
    data: Arc<str>,
}

/// An instance changed its state.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StateChange {
    /// Name of the instance.
    instance: String,
    /// The state that it is in now.
    state: &'static str,
    /// Why, if it is not by itself.
    cause: Option<String>,
    /// When.
    at: Timestamp,
}

/// An operation that somebody asked for came to its end, or was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OperationEnd {
    /// The word of the audit log: `restart`.
    operation: String,
    /// The plugin that it was asked for; `null` for all.
    plugin: Option<String>,
    /// Who asked.
    by: String,
    /// `done`, `denied` or `failed`.
    outcome: String,
    /// Why it was not done.
    error: Option<String>,
    /// When.
    at: Timestamp,
}

impl Feed {
    pub(crate) fn new(listeners: usize) -> Self {
        let begun = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
        Self {
            ring: Mutex::default(),
            next: watch::Sender::default(),
            stops: watch::Sender::new(false),
            life: format!("{:x}", begun.as_micros()),
            seats: Arc::new(Semaphore::new(listeners)),
            observed: Mutex::default(),
        }
    }

    /// Takes note of what happens, as long as the plugin runs.
    pub(crate) fn observe(self: &Arc<Self>, observer: &Observer) -> Result<()> {
        let (of_states, of_operations) = (Arc::clone(self), Arc::clone(self));
        let states = observer.observe("plugin.*", move |event| {
            if let Some(change) = StateChange::of(event) {
                of_states.tell(Topic::State, &change);
            }
        })?;
        let operations = observer.observe("system.operated", move |event| {
            if let Some(end) = OperationEnd::of(event) {
                of_operations.tell(Topic::Operations, &end);
            }
        })?;
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        *observed = vec![states, operations];
        Ok(())
    }

    /// Ends the streams, each with a message that says so.
    pub(crate) fn end(&self) {
        self.stops.send_replace(true);
        let mut observed = self.observed.lock().unwrap_or_else(PoisonError::into_inner);
        let observed = std::mem::take(&mut *observed);
        drop(observed);
    }

    pub(crate) fn tell(&self, topic: Topic, message: &impl Serialize) {
        let Ok(data) = serde_json::to_string(message) else {
            return;
        };
        let mut ring = self.ring();
        let number = ring.next;
        ring.next += 1;
        if ring.messages.len() == KEPT {
            ring.messages.pop_front();
        }
        ring.messages.push_back(Message {
            number,
            topic,
            data: data.into(),
        });
        self.next.send_replace(ring.next);
    }

    /// Messages from a number on, some of them, and how many are not there any more.
    pub(crate) fn since(&self, number: u64, most: usize) -> (Vec<Message>, u64) {
        let ring = self.ring();
        let oldest = ring
            .messages
            .front()
            .map_or(ring.next, |oldest| oldest.number);
        let lost = oldest.saturating_sub(number);
        let from = usize::try_from(number.saturating_sub(oldest)).unwrap_or(usize::MAX);
        let messages = ring.messages.iter().skip(from).take(most);
        (messages.cloned().collect(), lost)
    }

    /// The number of the next message.
    pub(crate) fn next(&self) -> u64 {
        self.ring().next
    }

    fn ring(&self) -> MutexGuard<'_, MessageRing> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateChange {
    fn of(event: &AnyEvent<'_>) -> Option<Self> {
        let change = |instance: &str, state, cause: Option<&str>| Self {
            instance: instance.to_owned(),
            state,
            cause: cause.map(str::to_owned),
            at: Timestamp::now(),
        };
        if let Some(event) = event.downcast_ref::<PluginStarted>() {
            return Some(change(&event.plugin, "running", None));
        }
        if let Some(event) = event.downcast_ref::<PluginStopped>() {
            return Some(change(&event.plugin, "stopped", None));
        }
        if let Some(event) = event.downcast_ref::<PluginFailed>() {
            return Some(change(&event.plugin, "failed", Some(&event.error)));
        }
        if let Some(event) = event.downcast_ref::<PluginInitialized>() {
            return Some(change(&event.plugin, "initialized", None));
        }
        let event = event.downcast_ref::<PluginReplaced>()?;
        let cause = "a new life took its place";
        Some(change(&event.plugin, "running", Some(cause)))
    }
}

impl OperationEnd {
    fn of(event: &AnyEvent<'_>) -> Option<Self> {
        let event = event.downcast_ref::<SystemOperated>()?.clone();
        Some(Self {
            operation: event.operation,
            plugin: event.plugin,
            by: event.by,
            outcome: event.outcome,
            error: event.error,
            at: Timestamp::now(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_what_is_gone_is_counted() {
        let feed = Feed::new(1);
        for number in 0..KEPT + 10 {
            feed.tell(Topic::State, &number);
        }
        let (messages, lost) = feed.since(4, usize::MAX);
        assert_eq!((messages.len(), lost), (KEPT, 6));
        let (messages, lost) = feed.since(20, 2);
        let numbers: Vec<_> = messages.iter().map(|message| &*message.data).collect();
        assert_eq!((numbers, lost), (vec!["20", "21"], 0));
        assert!(feed.since(feed.next(), 10).0.is_empty());
    }
}
