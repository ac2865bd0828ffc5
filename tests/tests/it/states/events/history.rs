//! What happened in one system, in the order in which it was written down. The oracle sees this and
//! the system's own numbers, and nothing else.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

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
    /// As `Publish`, given up if it is not done at once.
    GiveUp,
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
    Stopping,
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

#[derive(Default)]
pub(super) struct Archive {
    entries: Mutex<Vec<Entry>>,
    numbers: AtomicU64,
    attempts: Mutex<HashMap<(usize, Tag), u32>>,
    gate: Arc<Notify>,
    senders: Mutex<Vec<(usize, Sender)>>,
}

#[plugin(name = "machine-archive", kind = system, provides(Ledger))]
impl Archive {
    #[init]
    fn init() -> Self {
        Self::default()
    }
}

#[service]
impl Ledger for Archive {
    fn write(&self, entry: Entry) {
        self.entries.lock().unwrap().push(entry);
    }

    fn next(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    fn attempt(&self, handler: usize, tag: Tag) -> u32 {
        let mut attempts = self.attempts.lock().unwrap();
        let attempt = attempts.entry((handler, tag)).or_default();
        *attempt += 1;
        *attempt
    }

    fn gate(&self) -> Arc<Notify> {
        Arc::clone(&self.gate)
    }

    fn enroll(&self, plugin: usize, sender: Sender) {
        let mut senders = self.senders.lock().unwrap();
        senders.retain(|(other, _)| *other != plugin);
        senders.push((plugin, sender));
    }

    fn sender(&self, plugin: usize) -> Sender {
        let senders = self.senders.lock().unwrap();
        let found = senders.iter().find(|(other, _)| *other == plugin);
        found.expect("each plugin enrolls in `init`").1.clone()
    }

    fn history(&self) -> Vec<Entry> {
        self.entries.lock().unwrap().clone()
    }
}

impl Answer {
    pub(super) fn of(result: Result<(), plugin_core::event::PublishError>) -> Self {
        use plugin_core::event::PublishError;
        match result {
            Ok(()) => Self::Accepted,
            Err(PublishError::Stopping) => Self::Stopping,
            Err(PublishError::Full { plugin, handler }) => Self::Full { plugin, handler },
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
            Err(TryPublishError::Full(_)) => Self::TryFull,
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
