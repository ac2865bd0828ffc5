//! The store that keeps the events of durable subscriptions until they are handled.
//!
//! The kernel uses no database itself: it calls the plugin that provides [`EventStore`]. A store
//! keeps one queue for each subscription. While the service runs, only the kernel writes to it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::error::Result;
use crate::event::outcome::dead_letters::{DeadLetter, DeadLetterId};
use crate::idempotency::IdempotencyKey;
use crate::timestamp::Timestamp;
use crate::traceparent::TraceContext;

pub use super::ticket::{Ticket, WeakTicket};

/// Keeps the events of durable subscriptions until they are handled.
///
/// A provider guarantees the following:
///
/// - `append` and `settle` are atomic and durable when they return `Ok`: a crash of the process or
///   of the machine does not undo any part of them.
/// - The positions of a subscription grow. A position that was assigned is never assigned to
///   another event.
/// - All calls can be repeated: a key that is stored is not stored twice, and settling what is
///   settled changes nothing.
///
/// An error of kind `external` that is not retriable says that this particular event can't be
/// stored. After any other error, the same call is repeated until it succeeds.
#[crate::macros::service(crate = crate)]
pub trait EventStore {
    /// Adds events to the end of a subscription's queue, all or none, and returns their positions
    /// in order.
    async fn append(&self, subscription: &SubscriptionName, events: &[Record]) -> Result<Vec<u64>>;

    /// Returns the first events that are not settled, ordered by position. A store that may drop
    /// events before they are handled gives each event a [ticket](Ticket), and asks the ticket
    /// before it drops the event.
    async fn pending(&self, subscription: &SubscriptionName, window: Window)
    -> Result<Vec<Stored>>;

    /// Removes events from the queue: they are handled, or dead.
    async fn settle(&self, subscription: &SubscriptionName, settled: &[Settled]) -> Result<()>;

    /// Records that events that are [suspects](Suspicion) are about to be handled. If the process
    /// crashes before they are settled or [cleared](EventStore::clear), the crash counts against
    /// them. The record is durable when this returns `Ok`. It is not called for other events, so a
    /// store that never reports suspects does not have to implement it.
    async fn suspect(&self, _subscription: &SubscriptionName, _positions: &[u64]) -> Result<()> {
        Ok(())
    }

    /// Records that these suspects are not being handled any more: a crash after this call does not
    /// count against them.
    async fn clear(&self, _subscription: &SubscriptionName, _positions: &[u64]) -> Result<()> {
        Ok(())
    }

    /// Makes a dead letter pending again, with its key: at its old position, or at the end if that
    /// is not known. The letter is removed.
    async fn revive(&self, subscription: &SubscriptionName, letter: &DeadLetter) -> Result<()>;

    /// Waits until the replay of dead letters of any subscription is requested from outside of the
    /// process, and returns their ids. Dropping the future loses no request: a request that was
    /// returned is returned again in the next process, unless its letter is gone by then, was
    /// [put](crate::event::DeadLetterStore::put) again, or is [answered](EventStore::answered).
    async fn requested(&self) -> Vec<DeadLetterId>;

    /// Reports requests that can't succeed, because no handler can take the letter as it is.
    async fn answered(&self, _letters: &[DeadLetterId]) -> Result<()> {
        Ok(())
    }

    /// Reports how many accepted events of a subscription are not stored because `append` waits for
    /// room. It is called at intervals while `append` waits, and once afterwards. A store that
    /// commands can read while the service runs may store the number for them.
    async fn waits(&self, _subscription: &SubscriptionName, _events: u64) -> Result<()> {
        Ok(())
    }

    /// Tells the store that the system stops: it should not wait any longer for further events to
    /// write together.
    async fn hurry(&self) -> Result<()> {
        Ok(())
    }

    /// The stored events by subscription, including subscriptions that do not exist any more.
    async fn stock(&self) -> Result<Vec<Stock>>;
}

/// The name of a durable subscription in a store. It is the same subscription only as long as all
/// three parts are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct SubscriptionName {
    /// Name of the plugin.
    pub plugin: Cow<'static, str>,
    /// Name of the method.
    pub handler: Cow<'static, str>,
    /// Topic of the event.
    pub topic: Cow<'static, str>,
}

impl fmt::Display for SubscriptionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}({})", self.plugin, self.handler, self.topic)
    }
}

/// An event that is to be stored.
#[derive(Debug, Clone)]
pub struct Record {
    /// The key of the event, which is unique across all subscriptions.
    pub key: IdempotencyKey,
    /// Name of the plugin that published it.
    pub source: Cow<'static, str>,
    /// When it was published.
    pub published: SystemTime,
    /// The span in which it was published, or its own span if it was published outside of any trace
    /// and so began one. An event that is read back is a child of that span.
    pub parent: Option<TraceContext>,
    /// Its data as JSON.
    pub data: Arc<str>,
    /// The ticket of this delivery. It is not part of the event, so a store does not have to keep
    /// it.
    pub ticket: Ticket,
}

/// A stored event.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place in the subscription's queue.
    pub position: u64,
    /// The event.
    pub record: Record,
    /// Whether it is suspected of crashing processes.
    pub suspicion: Suspicion,
}

/// Whether an event may be the cause of crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suspicion {
    /// No process has crashed since it was stored.
    #[default]
    None,
    /// A process has crashed and left the event in the store.
    Suspect {
        /// Number of processes that have crashed after the event was
        /// [suspected](EventStore::suspect).
        crashes: u32,
    },
    /// As many processes have crashed as the store allows: the event is not handled, and becomes a
    /// dead letter.
    Poison {
        /// Number of processes that have crashed.
        crashes: u32,
    },
}

/// Selects pending events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Events after this position.
    pub after: u64,
    /// Most events.
    pub events: usize,
    /// Most bytes of data. At least one event is returned in any case.
    pub bytes: usize,
}

/// An event that is done.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its place in the subscription's queue.
    pub position: u64,
    /// Its result.
    pub end: Settlement,
}

/// The result of an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Settlement {
    /// Its handler returned `Ok`.
    Handled,
    /// It can't be handled: it becomes a dead letter in the same transaction. The letter of an
    /// event that was [revived](EventStore::revive) is [the same letter again](DeadLetter::again).
    Dead(Box<DeadLetter>),
}

/// The content of a store for one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Stock {
    /// The subscription.
    pub subscription: SubscriptionName,
    /// Events that are not settled.
    pub pending: u64,
    /// Bytes of their data.
    pub bytes: u64,
    /// Dead letters.
    pub dead: u64,
    /// Accepted events that wait in memory for room in the store, as [reported](EventStore::waits)
    /// last.
    pub waiting: u64,
    /// Events that were dropped in favour of newer ones, as far back as the store remembers.
    pub dropped: u64,
    /// When the oldest event that is not settled was published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub oldest: Option<SystemTime>,
}

impl Stock {
    /// The content of a store for one subscription.
    #[must_use]
    pub const fn new(subscription: SubscriptionName, pending: u64, bytes: u64, dead: u64) -> Self {
        Self {
            subscription,
            pending,
            bytes,
            dead,
            waiting: 0,
            dropped: 0,
            oldest: None,
        }
    }

    /// Sets how many accepted events wait in memory for room.
    #[must_use]
    pub const fn waiting(mut self, events: u64) -> Self {
        self.waiting = events;
        self
    }

    /// Sets when the oldest event that is not settled was published.
    #[must_use]
    pub const fn oldest(mut self, published: Option<SystemTime>) -> Self {
        self.oldest = published;
        self
    }

    /// Sets how many events were dropped in favour of newer ones.
    #[must_use]
    pub const fn dropped(mut self, events: u64) -> Self {
        self.dropped = events;
        self
    }
}

#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
fn time<S: Serializer>(
    at: &Option<SystemTime>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    at.map(Timestamp).serialize(serializer)
}
