//! What the oracle knows of plugins and handlers: what `subjects.rs` says in attributes, once more,
//! as data.

use plugin_core::Overflow;

use super::history::{Fate, Item, Kind, Tag};

/// In start order.
pub(super) const PLUGINS: [&str; 5] = [
    "machine-calm",
    "machine-lossy",
    "machine-sender",
    "machine-sender-b",
    "machine-wide",
];
pub(super) const CALM: usize = 0;
pub(super) const LOSSY: usize = 1;
pub(super) const SENDER: usize = 2;
pub(super) const SENDER_B: usize = 3;
pub(super) const WIDE: usize = 4;

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

/// The handlers that plugins declare; those made at run time come after them.
pub(super) const DECLARED: [Handler; 10] = [
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
];

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

    pub(super) fn drops(&self) -> bool {
        matches!(self.overflow, Overflow::DropOldest | Overflow::DropNewest)
    }
}
