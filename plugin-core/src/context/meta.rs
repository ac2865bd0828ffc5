//! The data of an event's publishing, and the trace that a piece of work belongs to.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::idempotency::IdempotencyKey;
use crate::rcu::ThreadRecord;
use crate::traceparent::TraceContext;

/// The number of one publishing, which is unique in the process.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct EventId(u64);

impl EventId {
    /// The number of a publishing in the host of this process.
    pub(crate) const fn of_number(number: u64) -> Self {
        Self(number)
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// The data of a publishing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Meta {
    pub(crate) id: EventId,
    pub(crate) source: &'static str,
    /// The span in which it was published.
    pub(crate) parent: Option<TraceContext>,
    /// The key of a delivery to a durable subscription.
    pub(crate) key: Option<IdempotencyKey>,
}

impl Meta {
    #[inline(always)]
    pub(crate) fn new(record: &ThreadRecord, source: &'static str) -> Self {
        Self {
            id: EventId(record.next_id()),
            source,
            parent: super::lineage().trace(),
            key: None,
        }
    }

    /// The data of the next publishing by the same publisher in the same span.
    pub(crate) fn next(&self, record: &ThreadRecord) -> Self {
        Self {
            id: EventId(record.next_id()),
            ..*self
        }
    }

    /// The key of each delivery of the event to a handler, in any process.
    pub(crate) fn delivery_key(&self) -> IdempotencyKey {
        let number = self.id.number();
        self.key.unwrap_or_else(|| IdempotencyKey::of_event(number))
    }

    /// The span of the event.
    pub(crate) fn trace(&self) -> TraceContext {
        TraceContext::of_event(self.parent, self.id.number())
    }

    /// The span of which the event is a child when it is read back from a store.
    pub(crate) fn origin(&self) -> TraceContext {
        let begun = || TraceContext::first(self.id.number());
        self.parent.unwrap_or_else(begun)
    }

    /// The origin of the work of its handlers.
    pub(crate) fn lineage(&self) -> Lineage {
        Lineage::Event(self.parent, self.id)
    }
}

/// The origin of a piece of work. The span of an event is computed only on demand, because it is
/// not needed for most events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lineage {
    /// No trace.
    None,
    /// A span.
    Span(TraceContext),
    /// The handling of an event with this id, which was published in this span.
    Event(Option<TraceContext>, EventId),
}

impl Lineage {
    pub(crate) fn trace(self) -> Option<TraceContext> {
        match self {
            Self::None => None,
            Self::Span(span) => Some(span),
            Self::Event(parent, event) => Some(TraceContext::of_event(parent, event.number())),
        }
    }
}
