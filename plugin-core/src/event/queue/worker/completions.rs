//! Work that a worker has completed but not reported yet, because reporting each event takes longer
//! than a short handler.
//!
//! Invariant: handled events are reported no later than the room that they freed, so the number of
//! unfinished events is never more than the capacity of the mailbox plus the events in calls.

use std::sync::Arc;

use super::work::Work;
use crate::event::queue::mailbox::Mailbox;

/// Most events that are handled before other tasks get their turn, because handlers that never wait
/// must not keep the thread for themselves.
pub(super) const TURN: usize = 64;

/// The part of a mailbox that may be free without being reported: one in this number of places, and
/// never more than a turn. In a small mailbox it is zero.
const SHARE: usize = 16;

/// Completed work that is not reported yet. It is reported before the worker waits.
pub(super) struct Completions {
    mailbox: Arc<Mailbox>,
    /// Number of events whose handler was called, so that there is room for others.
    rooms: usize,
    most_rooms: usize,
    /// Number of handled events.
    handled: usize,
}

impl Completions {
    pub(super) fn new(mailbox: &Arc<Mailbox>) -> Self {
        Self {
            mailbox: Arc::clone(mailbox),
            rooms: 0,
            most_rooms: (mailbox.capacity() / SHARE).min(TURN),
            handled: 0,
        }
    }

    /// Records that places have become free.
    pub(super) fn gave_room(&mut self, rooms: usize) {
        self.rooms += rooms;
        if self.rooms > self.most_rooms {
            self.tell();
        }
    }

    /// Counts handled work with which nothing is left to do.
    #[inline]
    pub(super) fn count(&mut self, work: &mut Work) {
        self.handled += work.counts_elsewhere();
    }

    pub(super) fn tell(&mut self) {
        if self.handled > 0 {
            let handled = std::mem::take(&mut self.handled);
            self.mailbox.handled(handled);
            self.mailbox.backlog().end(handled);
        }
        if self.rooms > 0 {
            self.mailbox.give_back(std::mem::take(&mut self.rooms));
        }
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        self.tell();
    }
}
