//! The stream: reports what happens to all listeners, until the plugin stops.
//!
//! State changes and operations are kept in a ring of fixed size, so that a listener whose
//! connection broke can continue where it was. Each listener takes the messages that it has not had
//! when there is room on its connection. Nothing waits for a listener; a slow one gets the number
//! of messages that it missed.

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

/// Number of messages that are kept for listeners that reconnect.
const KEPT: usize = 1024;

/// The data that all listeners share.
#[derive(Debug)]
pub(crate) struct Feed {
    ring: Mutex<MessageRing>,
    /// The number of the next message. It changes when there is a new one.
    next: watch::Sender<u64>,
    /// Whether the plugin stops.
    stops: watch::Sender<bool>,
    /// Identifies this life of the feed, because the numbers begin again in each life.
    life: String,
    /// Limits the number of listeners.
    pub(crate) seats: Arc<Semaphore>,
    /// Keeps the observers' subscriptions.
    observed: Mutex<Vec<SubscriptionHandle>>,
}

#[derive(Debug, Default)]
struct MessageRing {
    messages: VecDeque<Message>,
    next: u64,
}

/// A stored message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    number: u64,
    topic: Topic,
    /// Its data as JSON.
    data: Arc<str>,
}

/// A change of an instance's state.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StateChange {
    /// Name of the instance.
    instance: String,
    /// The new state.
    state: &'static str,
    /// The cause, if there is one.
    cause: Option<String>,
    /// The time.
    at: Timestamp,
}

/// The end or the refusal of a requested operation.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OperationEnd {
    /// The operation, in the word of the audit log: `restart`.
    operation: String,
    /// The plugin of the operation; `null` if it concerns all.
    plugin: Option<String>,
    /// The actor.
    by: String,
    /// `done`, `denied` or `failed`.
    outcome: String,
    /// The reason why it was not done.
    error: Option<String>,
    /// The time.
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

    /// Records what happens, as long as the plugin runs.
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

    /// Ends the streams, each with a final message.
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

    /// Some messages, beginning with a number, and how many of the earlier ones do not exist any
    /// more.
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
