//! Decides whether there is room for new events, and what happens if there is none.

use std::fmt;

use plugin_core::{Error, Result};

use crate::config::{OnFull, QueueConfig};
use crate::request::{Append, Size};

/// What happens to new events while there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Waits,
    /// They are refused; the last refused one had this size.
    Refuses(Size),
    Drops,
}

/// How much the file may contain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    most: Size,
    on_full: OnFull,
    /// Whether the system stops: accepted events are then stored beyond the limit.
    is_open: bool,
}

/// What happens to new events.
#[derive(Debug)]
pub(crate) enum Admission {
    /// They are stored.
    Enter,
    /// They are stored after events of this size have been dropped.
    Displace(Size),
    /// They wait.
    Wait,
    /// They can never be stored, because they are too large.
    Refuse(Error),
    /// They are refused until there is room.
    Full(Error),
}

impl Limit {
    pub(crate) fn new(config: &QueueConfig) -> Self {
        Self {
            most: Size {
                events: config.max_events,
                bytes: config.max_bytes,
            },
            on_full: config.on_full,
            is_open: false,
        }
    }

    /// From now on, nothing waits for room, because the system stops and nothing will make room.
    pub(crate) fn open(&mut self) {
        self.is_open = true;
    }

    /// `held` is the size of what is stored now.
    pub(crate) fn admit(&self, append: &Append, held: Size) -> Admission {
        let size = append.size();
        if let Err(error) = self.check(size) {
            return Admission::Refuse(error);
        }
        let after = held.and(size);
        match self.on_full {
            _ if self.has_room(held, size) => Admission::Enter,
            OnFull::Wait => Admission::Wait,
            OnFull::Fail => Admission::Full(self.full()),
            OnFull::DropOldest => Admission::Displace(after.without(self.most)),
        }
    }

    /// Whether there is room for more.
    pub(crate) fn has_room(&self, held: Size, more: Size) -> bool {
        self.is_open || held.and(more).fits(self.most)
    }

    /// Refuses an event that can never be stored. Several events may be stored one by one.
    fn check(&self, size: Size) -> Result<()> {
        if size.fits(self.most) {
            return Ok(());
        }
        Err(Error::external(format!(
            "{} bytes in {} events are more than the queue may ever hold: raise `max_bytes` or `max_events` of `queue-plugin`",
            size.bytes, size.events
        )))
    }

    fn full(&self) -> Error {
        Error::retriable(format!("the queue is full ({self} of `queue-plugin`)"))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { events, bytes } = self.most;
        write!(f, "`max_events` {events}, `max_bytes` {bytes}")
    }
}
