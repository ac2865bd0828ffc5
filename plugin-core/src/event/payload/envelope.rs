//! An event on its way: the data, and what is known of its publishing.

use std::fmt;
use std::ops::Deref;

use crate::context::{EventId, Meta};
use crate::idempotency::IdempotencyKey;
use crate::traceparent::TraceContext;

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
    pub(in crate::event) fn put(&mut self, event: E) -> E {
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
