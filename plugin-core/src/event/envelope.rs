//! An event on its way: the data, and what is known of its publishing.

use std::fmt;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::idempotency::IdempotencyKey;
use super::record::Record;
use crate::context;
use crate::trace::{Lineage, TraceContext};

/// A number that tells one publishing from every other of the process.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct EventId(u64);

impl EventId {
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// What is known of a publishing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) id: EventId,
    pub(crate) source: &'static str,
    /// The span that it was published in.
    pub(crate) parent: Option<TraceContext>,
    /// Of a delivery to a durable subscription.
    pub(crate) key: Option<IdempotencyKey>,
}

impl Meta {
    #[inline(always)]
    pub(super) fn new(record: &Record, source: &'static str) -> Self {
        Self {
            id: EventId(record.next_id()),
            source,
            parent: context::lineage().trace(),
            key: None,
        }
    }

    /// Of the next publishing of the same publisher in the same span.
    pub(super) fn next(&self, record: &Record) -> Self {
        Self {
            id: EventId(record.next_id()),
            ..*self
        }
    }

    /// What each delivery of the event to a handler carries, in whichever process.
    pub(crate) fn delivery_key(&self) -> IdempotencyKey {
        let number = self.id.number();
        self.key.unwrap_or_else(|| IdempotencyKey::of_event(number))
    }

    /// The span of the event.
    pub(crate) fn trace(&self) -> TraceContext {
        TraceContext::of_event(self.parent, self.id)
    }

    /// The span that the event is a child of when it is read back from a store.
    pub(crate) fn origin(&self) -> TraceContext {
        let begun = || TraceContext::first(self.id.number());
        self.parent.unwrap_or_else(begun)
    }

    /// What its handlers' work comes from.
    pub(crate) fn lineage(&self) -> Lineage {
        Lineage::Event(self.parent, self.id)
    }
}

/// An event with its id and its publisher; it dereferences to the event, which no handler can
/// change.
pub struct Envelope<E> {
    meta: Meta,
    event: E,
}

impl<E> Envelope<E> {
    pub(crate) fn new(meta: Meta, event: E) -> Self {
        Self { meta, event }
    }

    pub(crate) fn meta(&self) -> Meta {
        self.meta
    }

    pub(crate) fn meta_ref(&self) -> &Meta {
        &self.meta
    }

    /// Puts another event in its place, before anybody has it; returns the earlier one.
    pub(super) fn put(&mut self, event: E) -> E {
        std::mem::replace(&mut self.event, event)
    }

    pub(crate) fn into_event(self) -> E {
        self.event
    }

    /// The event.
    pub fn event(&self) -> &E {
        &self.event
    }

    /// Tells this publishing from every other of the process.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.meta.id
    }

    /// Name of the plugin that published it.
    #[must_use]
    pub fn source(&self) -> &'static str {
        self.meta.source
    }

    /// The span of the event: a child of the one that its publisher was in, else the first of a
    /// new trace. It is worked out at each call.
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        self.meta.trace()
    }

    /// What tells a repeated delivery from a new one. The handler of a durable subscription is
    /// given one, because there an event can come twice; others only of an event whose publisher
    /// was given a key from outside.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<IdempotencyKey> {
        self.meta.key
    }

    /// What tells a repeated delivery from a new event, for every handler: the same for each retry,
    /// and for each replay of a dead letter, also in a later process. That of a durable
    /// subscription is its [`idempotency_key`](Self::idempotency_key); any other handlers of one
    /// event see the same one, which is worked out at each call.
    ///
    /// Put it where it is checked, in the transaction of what the handler does.
    #[must_use]
    pub fn delivery_key(&self) -> IdempotencyKey {
        self.meta.delivery_key()
    }
}

impl<E> Deref for Envelope<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.event
    }
}

impl<E: fmt::Debug> fmt::Debug for Envelope<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.meta.id)
            .field("source", &self.meta.source)
            .field("event", &self.event)
            .finish()
    }
}
