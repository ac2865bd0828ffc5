//! What the plugins of the soak write down, to be compared with what the kernel counts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use plugin_core::prelude::*;

/// An event of the load.
#[event("soak.pulse")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Pulse {
    /// Who publishes one after the other.
    pub(super) lane: u32,
    pub(super) number: u64,
    pub(super) fate: Fate,
}

/// What the plugins that misbehave make of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Fate {
    Return,
    Yield,
    Fail,
    Panic,
    /// Until its time is over.
    Hang,
}

/// The account of one plugin.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Events that its handlers were called with.
    pub(super) received: AtomicU64,
    /// Calls that returned an error or panicked.
    pub(super) failed: AtomicU64,
    /// Calls whose future was dropped.
    pub(super) cancelled: AtomicU64,
}

/// What became of the load.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Events that were accepted by all.
    pub(super) accepted: AtomicU64,
    /// Events whose publisher gave up on the way.
    pub(super) given_up: AtomicU64,
    /// Events that came back.
    pub(super) refused: AtomicU64,
    /// Operations, and events that operations say they left unhandled.
    pub(super) operations: AtomicU64,
    pub(super) left: AtomicU64,
    /// Lines of the day that were published.
    pub(super) lines: AtomicU64,
    /// What should not have happened.
    pub(super) surprises: Mutex<Vec<String>>,
}

/// What a subscriber that never misbehaves and never stops has seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) inline: AtomicU64,
    pub(super) queued: AtomicU64,
    /// Events that came after a later one of their lane, or twice.
    pub(super) disorder: AtomicU64,
}

/// The accounts. Their keeper runs as long as the system.
#[service]
pub(super) trait Books {
    fn book(&self, plugin: &'static str) -> Arc<Book>;
    fn load(&self) -> Arc<Load>;
    fn seen(&self) -> Arc<Seen>;
    /// The publisher of the load.
    fn pulses(&self) -> Publisher<Pulse>;
}

pub(super) struct Keeper {
    books: Mutex<HashMap<&'static str, Arc<Book>>>,
    load: Arc<Load>,
    seen: Arc<Seen>,
    last: Mutex<HashMap<u32, u64>>,
    pulses: Publisher<Pulse>,
}

#[plugin(name = "soak-keeper", kind = system, provides(Books))]
impl Keeper {
    #[init]
    fn init(pulses: Publisher<Pulse>) -> Self {
        Self {
            books: Mutex::default(),
            load: Arc::default(),
            seen: Arc::default(),
            last: Mutex::default(),
            pulses,
        }
    }

    #[subscribe]
    fn hear(&self, _pulse: &Pulse) {
        self.seen.inline.fetch_add(1, Relaxed);
    }

    #[subscribe]
    async fn hear_later(&self, pulse: &Pulse) {
        self.seen.queued.fetch_add(1, Relaxed);
        let mut last = self.last.lock().expect("no panic holds it");
        let before = last.insert(pulse.lane, pulse.number);
        if before.is_some_and(|before| before >= pulse.number) {
            self.seen.disorder.fetch_add(1, Relaxed);
        }
    }
}

#[service]
impl Books for Keeper {
    fn book(&self, plugin: &'static str) -> Arc<Book> {
        let mut books = self.books.lock().expect("no panic holds it");
        Arc::clone(books.entry(plugin).or_default())
    }

    fn load(&self) -> Arc<Load> {
        Arc::clone(&self.load)
    }

    fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    fn pulses(&self) -> Publisher<Pulse> {
        self.pulses.clone()
    }
}

impl Load {
    /// Notes what should not have happened; a hundred are enough.
    pub(super) fn surprise(&self, what: String) {
        let mut surprises = self.surprises.lock().expect("no panic holds it");
        if surprises.len() < 100 {
            surprises.push(what);
        }
    }
}
