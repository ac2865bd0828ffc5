//! An event together with the data of its publishing.

use std::fmt;
use std::ops::Deref;

use crate::context::{EventId, Meta};
use crate::idempotency::IdempotencyKey;
use crate::traceparent::TraceContext;

/// An event with its id and its publisher. It dereferences to the event, which handlers can't
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

    /// Replaces the event before any handler has it, and returns the earlier one.
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

    /// The id of this publishing, which is unique in the process.
    #[must_use]
    pub fn id(&self) -> EventId {
        self.meta.id
    }

    /// Name of the plugin that published it.
    #[must_use]
    pub fn source(&self) -> &'static str {
        self.meta.source
    }

    /// The span of the event: a child of the span in which it was published, or the first span of a
    /// new trace. It is computed at each call.
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        self.meta.trace()
    }

    /// A key by which a repeated delivery can be recognized. The handler of a durable subscription
    /// always gets one, because there an event can be delivered twice. Other handlers get one only
    /// if the publisher received a key from outside.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<IdempotencyKey> {
        self.meta.key
    }

    /// A key by which every handler can recognize a repeated delivery. It is the same for each
    /// retry and for each replay of a dead letter, even in a later process. For a durable
    /// subscription it is the [`idempotency_key`](Self::idempotency_key). All other handlers of one
    /// event get the same key, which is computed at each call.
    ///
    /// Store the key where it is checked, in the same transaction as the handler's own changes.
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
