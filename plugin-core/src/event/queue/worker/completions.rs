//! What a worker has done and not told of yet: to tell of each event takes longer than a short
//! handler.
//!
//! Invariant: what is handled is told of no later than the room that it gave, so that what counts
//! as unfinished is never more than the mailbox holds and what is in calls.

use std::sync::Arc;

use super::work::Work;
use crate::event::queue::mailbox::Mailbox;

/// Most events that are handled before other tasks have their turn: handlers that never wait must
/// not keep the thread for themselves.
pub(super) const TURN: usize = 64;

/// Part of a mailbox that may be free without anybody knowing: one in so many places, and never
/// more than a turn. In a small mailbox it is none.
const SHARE: usize = 16;

/// What is done and not told of yet. It is told before the worker waits.
pub(super) struct Completions {
    mailbox: Arc<Mailbox>,
    /// Events whose handler was called, so that there is room for others.
    rooms: usize,
    most_rooms: usize,
    /// Events that are handled.
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

    /// So many places are free.
    pub(super) fn gave_room(&mut self, rooms: usize) {
        self.rooms += rooms;
        if self.rooms > self.most_rooms {
            self.tell();
        }
    }

    /// Counts what is handled, with nothing left to do.
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
