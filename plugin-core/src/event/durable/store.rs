//! Where the events of durable subscriptions are kept until they are handled.
//!
//! The kernel knows no database: it speaks to whichever plugin provides [`EventStore`]. A store
//! keeps one queue for each subscription, and the kernel alone writes to it while the service runs.

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
/// What a provider promises:
///
/// - `append` and `settle` are whole and durable when they return `Ok`: a crash of the process, or
///   of the machine, undoes nothing of them.
/// - Positions of a subscription grow; one that was given out is never given to another event.
/// - All calls can be repeated: a key that is stored is not stored twice, and to settle what is
///   settled changes nothing.
///
/// An error of kind `external` that is not retriable says that this very event can't be stored;
/// after any other one, the same is tried again until it works.
#[crate::macros::service(crate = crate)]
pub trait EventStore {
    /// Adds events to the end of a subscription's queue, all or none, and returns their positions
    /// in order.
    async fn append(&self, subscription: &SubscriptionName, events: &[Record]) -> Result<Vec<u64>>;

    /// The first events that are not settled, in order of their positions. A store that may drop
    /// events unhandled gives each a [ticket](Ticket), and asks it before it does.
    async fn pending(&self, subscription: &SubscriptionName, window: Window)
    -> Result<Vec<Stored>>;

    /// Takes events out: they are handled, or dead.
    async fn settle(&self, subscription: &SubscriptionName, settled: &[Settled]) -> Result<()>;

    /// Events that are [suspects](Suspicion) are about to be handled: if the process crashes before
    /// they are settled or [cleared](EventStore::clear), that counts against them. Durable when it
    /// returns `Ok`. Asked of no other events, so a store that holds none against any need not know
    /// it.
    async fn suspect(&self, _subscription: &SubscriptionName, _positions: &[u64]) -> Result<()> {
        Ok(())
    }

    /// Nobody handles these suspects now: a crash after this does not count against them.
    async fn clear(&self, _subscription: &SubscriptionName, _positions: &[u64]) -> Result<()> {
        Ok(())
    }

    /// Makes a dead letter pending again, with its key: at its old position, or at the end if that
    /// is not known. The letter is gone then.
    async fn revive(&self, subscription: &SubscriptionName, letter: &DeadLetter) -> Result<()>;

    /// Waits until somebody outside of the process has asked for dead letters to be replayed, of
    /// whichever subscription, and says which. Dropping the future loses no request: one that was
    /// told of is told of again by the next process, unless its letter is gone by then, was
    /// [put](crate::event::DeadLetterStore::put) again, or is [answered](EventStore::answered).
    async fn requested(&self) -> Vec<DeadLetterId>;

    /// Requests that there is no use in trying again: nobody takes the letter as it is.
    async fn answered(&self, _letters: &[DeadLetterId]) -> Result<()> {
        Ok(())
    }

    /// So many accepted events of a subscription are not stored, because `append` waits for room;
    /// told now and then while it waits, and once when that is over. A store that commands can look
    /// into beside the service may keep the number for them.
    async fn waits(&self, _subscription: &SubscriptionName, _events: u64) -> Result<()> {
        Ok(())
    }

    /// The system is stopping: what waits for more to come, so that it can be written together, is
    /// not to wait any longer.
    async fn hurry(&self) -> Result<()> {
        Ok(())
    }

    /// What is stored, by subscription; also of those that nobody subscribes any more.
    async fn stock(&self) -> Result<Vec<Stock>>;
}

/// What a durable subscription is called in a store. It is the same one only as long as all three
/// are.
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

/// An event on its way into a store.
#[derive(Debug, Clone)]
pub struct Record {
    /// Tells it from every other event of every subscription.
    pub key: IdempotencyKey,
    /// Name of the plugin that published it.
    pub source: Cow<'static, str>,
    /// When it was published.
    pub published: SystemTime,
    /// The span that it was published in, or its own one if it was published outside of any trace
    /// and so began one. An event that is read back is a child of that span.
    pub parent: Option<TraceContext>,
    /// Its data as JSON.
    pub data: Arc<str>,
    /// Of this delivery, not of the event: a store need not keep it.
    pub ticket: Ticket,
}

/// An event in a store.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its place in the subscription's queue.
    pub position: u64,
    /// The event.
    pub record: Record,
    /// What crashes say of it.
    pub suspicion: Suspicion,
}

/// Whether an event may be what crashes the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Suspicion {
    /// No process has crashed since it was stored.
    #[default]
    None,
    /// One has, and left it. So many have crashed after it was [suspected](EventStore::suspect).
    Suspect {
        /// How many processes.
        crashes: u32,
    },
    /// As many have crashed as the store allows: it is not to be handled, and goes to the dead
    /// letters.
    Poison {
        /// How many processes.
        crashes: u32,
    },
}

/// Which pending events are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Those behind this position.
    pub after: u64,
    /// At most so many.
    pub events: usize,
    /// At most so many bytes of data, but one event in any case.
    pub bytes: usize,
}

/// An event that is done.
#[derive(Debug, Clone)]
pub struct Settled {
    /// Its place in the subscription's queue.
    pub position: u64,
    /// What became of it.
    pub end: Settlement,
}

/// What became of an event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Settlement {
    /// Its handler returned `Ok`.
    Handled,
    /// It can't be handled: it goes to the dead letters, in the same transaction. One that was
    /// [revived](EventStore::revive) goes [there again](DeadLetter::again).
    Dead(Box<DeadLetter>),
}

/// What a store holds of one subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct Stock {
    /// Whose events.
    pub subscription: SubscriptionName,
    /// Events that are not settled.
    pub pending: u64,
    /// Bytes of their data.
    pub bytes: u64,
    /// Dead letters.
    pub dead: u64,
    /// Accepted events that wait in memory for room in the store, as it was
    /// [told](EventStore::waits) last.
    pub waiting: u64,
    /// Events that gave way to newer ones, for as long as the store remembers.
    pub dropped: u64,
    /// When the oldest of those that are not settled was published.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "time")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub oldest: Option<SystemTime>,
}

impl Stock {
    /// What a store holds of one subscription.
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

    /// Sets when the oldest of those that are not settled was published.
    #[must_use]
    pub const fn oldest(mut self, published: Option<SystemTime>) -> Self {
        self.oldest = published;
        self
    }

    /// Sets how many events gave way to newer ones.
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
