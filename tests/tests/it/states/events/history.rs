//! What happened in one system, in the order in which it was written down. The oracle sees this and
//! the system's own numbers, and nothing else.

use std::fmt;
use std::sync::Arc;

use plugin_core::prelude::*;
use tokio::sync::Notify;

use super::handlers::DECLARED;
use super::subjects::{Sender, Side};

/// Tells one event from every other: whose it is, and the how-manieth.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub(super) struct Tag {
    /// Whoever publishes one event after the other.
    pub(super) lane: u32,
    pub(super) number: u32,
}

/// What a handler makes of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Fate {
    Return,
    /// Waits a few times first.
    Yield,
    Fail,
    /// Fails so often, in a way that may pass, and then returns.
    Flaky(u32),
    Panic,
    /// Its filter panics.
    FilterPanic,
    /// Waits until it is told, or given up.
    Hang,
    /// Publishes an event itself.
    Echo,
}

/// How an event is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Publish,
    /// By topic, as JSON.
    Json,
    Try,
    Wait,
    /// Until it is stored for those whose subscription is durable.
    Durable,
    /// As `Publish`, given up if it is not done at once.
    GiveUp,
    /// Together with others, in one call.
    All,
}

/// What became of a publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Accepted,
    /// Not by this handler, but by all others.
    Full {
        plugin: &'static str,
        handler: &'static str,
    },
    /// By nobody.
    TryFull,
    /// Perhaps not by the durable handlers, but by all others.
    NotStored,
    Stopping,
    /// It comes after those that a call with many events came to: by nobody.
    LeftOut,
    /// Of a series of which this handler missed some, while all others had them all.
    Missed {
        plugin: &'static str,
        handler: &'static str,
    },
    GivenUp,
    /// Plugin, handler, and whether it was content.
    Outcomes(Vec<(&'static str, &'static str, bool)>),
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Failed,
    Panicked,
    /// Its future was dropped before it was done.
    Cancelled,
}

/// How a subscription is made at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Inline,
    Queued,
    Pattern,
}

/// One event that is about to be published.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) how: How,
    /// Whether it is a `Side`, and not a `Note`.
    pub(super) side: bool,
    /// The handler that does something, and what.
    pub(super) at: usize,
    pub(super) fate: Fate,
}

/// Something that happened. Plugins and handlers are named by their places in `handlers.rs`.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// The manager is asked to start, stop or restart a plugin.
    Asked {
        plugin: usize,
    },
    /// It has answered: whether it did anything, whether the plugin runs now, and how many events
    /// its stop left unhandled.
    Answered {
        plugin: usize,
        changed: bool,
        runs: bool,
        lost: usize,
    },
    Subscribing {
        handler: usize,
        plugin: usize,
        kind: Kind,
    },
    Subscribed {
        handler: usize,
        accepted: bool,
    },
    Unsubscribing {
        handler: usize,
    },
    Unsubscribed {
        handler: usize,
    },
    Publishing {
        tag: Tag,
        by: usize,
        item: Item,
    },
    Published {
        tag: Tag,
        answer: Answer,
    },
    Idle,
    WasIdle {
        backlog: usize,
    },
    /// What the status says.
    Sampled {
        plugin: usize,
        queued: usize,
    },
    /// The whole system runs, is asked to stop, and has.
    Booted,
    Halting,
    Halted,
    /// The end of `start`, and the begin of `stop`, of one life of a plugin.
    Started {
        plugin: usize,
        life: u64,
    },
    Stopping {
        plugin: usize,
        life: u64,
    },
    Begun {
        call: u64,
        handler: usize,
        life: u64,
        tags: Vec<Tag>,
    },
    Ended {
        call: u64,
        how: End,
    },
    /// A durable handler is called with an event that carries this idempotency key.
    Keyed {
        handler: usize,
        tag: Tag,
        key: u128,
    },
}

/// Takes down what happens, and knows who can be asked to do something.
#[service]
pub(super) trait Ledger {
    fn write(&self, entry: Entry);

    /// A number that was not given out before.
    fn next(&self) -> u64;

    /// How many calls of a handler with an event there are, this one included.
    fn attempt(&self, handler: usize, tag: Tag) -> u32;

    /// What hung calls wait for.
    fn gate(&self) -> Arc<Notify>;

    fn enroll(&self, plugin: usize, sender: Sender);

    fn sender(&self, plugin: usize) -> Sender;

    fn history(&self) -> Vec<Entry>;
}

impl Answer {
    pub(super) fn of(result: Result<(), plugin_core::event::PublishError>) -> Self {
        use plugin_core::event::PublishError;
        match result {
            Ok(()) => Self::Accepted,
            Err(PublishError::Stopping) => Self::Stopping,
            Err(PublishError::Full { plugin, handler }) => Self::Full { plugin, handler },
            Err(PublishError::Store { .. }) => Self::NotStored,
            Err(error) => panic!("the model publishes what it may: {error}"),
        }
    }

    pub(super) fn of_try(
        result: Result<(), plugin_core::event::TryPublishError<impl Event>>,
    ) -> Self {
        use plugin_core::event::TryPublishError;
        match result {
            Ok(()) => Self::Accepted,
            Err(TryPublishError::Stopping(_)) => Self::Stopping,
            Err(TryPublishError::Full(_) | TryPublishError::Store(_)) => Self::TryFull,
            Err(error) => panic!("the model publishes what it may: {error}"),
        }
    }
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.side {
            return write!(f, "Side({:?})", self.how);
        }
        let handler = DECLARED[self.at].name;
        write!(f, "Note({:?}, {handler}: {:?})", self.how, self.fate)
    }
}

impl Side {
    /// The item that an echo is.
    pub(super) fn echo() -> Item {
        Item {
            how: How::Publish,
            side: true,
            at: 0,
            fate: Fate::Return,
        }
    }
}
