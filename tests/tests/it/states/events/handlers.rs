//! What the oracle knows of plugins and handlers: what `subjects.rs` says in attributes, once more,
//! as data.

use plugin_core::Overflow;

use super::history::{Fate, Item, Kind, Tag};

/// In start order.
pub(super) const PLUGINS: [&str; 9] = [
    "machine-calm",
    "machine-keeper",
    "machine-lossy",
    "machine-patient",
    "machine-sender",
    "machine-sender-b",
    "machine-team-a",
    "machine-team-b",
    "machine-wide",
];
pub(super) const CALM: usize = 0;
pub(super) const KEEPER: usize = 1;
pub(super) const LOSSY: usize = 2;
pub(super) const PATIENT: usize = 3;
pub(super) const SENDER: usize = 4;
pub(super) const SENDER_B: usize = 5;
pub(super) const TEAM_A: usize = 6;
pub(super) const TEAM_B: usize = 7;
pub(super) const WIDE: usize = 8;

/// Those that have handlers, and so a mailbox that fills.
pub(super) const RECEIVERS: [usize; 7] = [CALM, KEEPER, LOSSY, PATIENT, TEAM_A, TEAM_B, WIDE];

/// One handler, and what is promised of it.
#[derive(Debug, Clone)]
pub(super) struct Handler {
    pub(super) name: &'static str,
    pub(super) plugin: usize,
    pub(super) inline: bool,
    pub(super) overflow: Overflow,
    pub(super) concurrency: usize,
    pub(super) batch: usize,
    pub(super) priority: i32,
    /// Whether it hears a `Note` only, or a `Side` too.
    pub(super) notes_only: bool,
    pub(super) filtered: bool,
    /// Calls that an event can have: one, and one more for each `retry`.
    pub(super) attempts: usize,
    /// Events of one value are handled in the order of their numbers: those of one publisher. A
    /// handler of a `key` has another one.
    pub(super) lane: fn(Tag) -> Option<u32>,
    /// Events of one value are handled one after the other, each with all its retries.
    pub(super) turn: fn(Tag) -> Option<u32>,
    /// One member of a group gets each event, and what is promised of lanes and turns is promised
    /// of all members together.
    pub(super) group: Option<&'static str>,
    /// Its events are stored until they are handled, whether or not its plugin runs; `attempts`
    /// are those in one life of the plugin.
    pub(super) durable: bool,
}

const PLAIN: Handler = Handler {
    name: "",
    plugin: CALM,
    inline: false,
    overflow: Overflow::Wait,
    concurrency: 1,
    batch: 1,
    priority: 0,
    notes_only: true,
    filtered: false,
    attempts: 1,
    lane: |tag| Some(tag.lane),
    turn: |_| None,
    group: None,
    durable: false,
};

/// Keys are few, so that they meet: numbers have one of three, whoever publishes them.
pub(super) const KEYS: u32 = 3;

/// A handler of a `key`, with `concurrency`.
const KEYED: Handler = Handler {
    lane: |tag| Some(tag.lane.wrapping_mul(KEYS) + key(tag)),
    turn: |tag| Some(key(tag)),
    ..PLAIN
};

pub(super) const FIRST: usize = 0;
pub(super) const STEADY: usize = 1;
pub(super) const ALL: usize = 2;
pub(super) const OLDEST: usize = 3;
pub(super) const NEWEST: usize = 4;
pub(super) const EVEN: usize = 5;
pub(super) const BROAD: usize = 6;
pub(super) const BATCH: usize = 7;
pub(super) const STRICT: usize = 8;
pub(super) const SIDE: usize = 9;
pub(super) const DOGGED: usize = 10;
pub(super) const KEPT: usize = 11;
pub(super) const HASTY: usize = 12;
pub(super) const CREW_A: usize = 13;
pub(super) const CREW_B: usize = 14;
pub(super) const WATCH_A: usize = 15;
pub(super) const WATCH_B: usize = 16;
pub(super) const STORED: usize = 17;
pub(super) const STORED_KEYED: usize = 18;
pub(super) const STORED_BATCH: usize = 19;

/// The handlers that plugins declare; those made at run time come after them.
pub(super) const DECLARED: [Handler; 20] = [
    Handler {
        name: "first",
        inline: true,
        priority: 5,
        ..PLAIN
    },
    Handler {
        name: "steady",
        ..PLAIN
    },
    Handler {
        name: "all",
        notes_only: false,
        ..PLAIN
    },
    Handler {
        name: "oldest",
        plugin: LOSSY,
        overflow: Overflow::DropOldest,
        ..PLAIN
    },
    Handler {
        name: "newest",
        plugin: LOSSY,
        overflow: Overflow::DropNewest,
        ..PLAIN
    },
    Handler {
        name: "even",
        plugin: LOSSY,
        inline: true,
        filtered: true,
        ..PLAIN
    },
    Handler {
        name: "broad",
        plugin: WIDE,
        concurrency: 3,
        lane: |_| None,
        ..PLAIN
    },
    Handler {
        name: "batch",
        plugin: WIDE,
        batch: 3,
        ..PLAIN
    },
    Handler {
        name: "strict",
        plugin: WIDE,
        overflow: Overflow::Fail,
        ..PLAIN
    },
    Handler {
        name: "side",
        plugin: WIDE,
        inline: true,
        priority: -5,
        notes_only: false,
        ..PLAIN
    },
    Handler {
        name: "dogged",
        plugin: PATIENT,
        attempts: 3,
        turn: |_| Some(0),
        ..PLAIN
    },
    Handler {
        name: "kept",
        plugin: PATIENT,
        concurrency: 2,
        attempts: 2,
        ..KEYED
    },
    Handler {
        name: "hasty",
        plugin: PATIENT,
        concurrency: 2,
        attempts: 2,
        lane: |_| None,
        ..PLAIN
    },
    crew(TEAM_A),
    crew(TEAM_B),
    watch(TEAM_A),
    watch(TEAM_B),
    Handler {
        name: "stored",
        attempts: 2,
        turn: |_| Some(0),
        ..DURABLE
    },
    Handler {
        name: "stored_keyed",
        concurrency: 2,
        attempts: 2,
        lane: KEYED.lane,
        turn: KEYED.turn,
        ..DURABLE
    },
    Handler {
        name: "stored_batch",
        batch: 3,
        filtered: true,
        ..DURABLE
    },
];

const DURABLE: Handler = Handler {
    plugin: KEEPER,
    durable: true,
    ..PLAIN
};

/// A member of a group without a key: who gets an event is as it comes.
const fn crew(plugin: usize) -> Handler {
    Handler {
        name: "crew",
        plugin,
        lane: |_| None,
        group: Some("crew"),
        ..PLAIN
    }
}

/// A member of a group with a key.
const fn watch(plugin: usize) -> Handler {
    Handler {
        name: "watch",
        plugin,
        attempts: 2,
        group: Some("watch"),
        ..KEYED
    }
}

/// The key of an event.
pub(super) const fn key(tag: Tag) -> u32 {
    tag.number % KEYS
}

impl Handler {
    /// One that is made at run time.
    pub(super) fn made(plugin: usize, kind: Kind) -> Self {
        Self {
            name: "run-time subscription",
            plugin,
            inline: kind == Kind::Inline,
            notes_only: kind != Kind::Pattern,
            ..PLAIN
        }
    }

    /// Whether it is to get such an event while it is in the table.
    pub(super) fn wants(&self, tag: Tag, item: &Item) -> bool {
        let hears = !(item.side && self.notes_only);
        let passes = tag.number.is_multiple_of(2) && item.fate != Fate::FilterPanic;
        hears && (passes || !self.filtered)
    }

    /// Whether one of the two gets what the other one does not.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        self.group.is_some() && self.group == other.group
    }

    pub(super) fn drops(&self) -> bool {
        matches!(self.overflow, Overflow::DropOldest | Overflow::DropNewest)
    }
}
