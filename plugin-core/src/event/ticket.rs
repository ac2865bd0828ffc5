//! Who has an event that is stored, or about to be: its publisher, the store, or its handler. Each of
//! them may give it up or take it for good, and no two of them both.
//!
//! `Offered` → `Withdrawn` (the publisher gave up) or `Stored` → `Taken` (its handler is called) or
//! `Leaving` (the store drops it with the transaction under way) → `Gone`, or `Stored` again if that
//! fails.

use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire};
use std::sync::{Arc, Weak};

use super::acknowledge::Awaiting;

const OFFERED: u8 = 0;
const WITHDRAWN: u8 = 1;
const STORED: u8 = 2;
const TAKEN: u8 = 3;
const LEAVING: u8 = 4;
const GONE: u8 = 5;

/// Who has an event; a clone is a handle of the same. One of [`Ticket::default`] is of an event that
/// nobody can withdraw, and whose handler the store need not ask.
#[derive(Clone, Default)]
pub struct Ticket(Option<Arc<Inner>>);

/// A ticket, as long as anybody in this process has the event in hand.
#[derive(Debug, Clone, Default)]
pub struct TicketInHand(Weak<Inner>);

struct Inner {
    state: AtomicU8,
    publisher: Option<Awaiting>,
}

/// Whether a handler may have an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    Yes,
    /// The store has dropped it.
    Gone,
    /// The store may drop it; who asks again later knows.
    Unknown,
}

impl Ticket {
    /// Of an event that is to be stored, and withdrawn if its publisher gives up before.
    pub(super) fn offered(publisher: Option<Awaiting>) -> Self {
        Self::new(OFFERED, publisher)
    }

    /// Of an event that a store reads out for its handler.
    #[must_use]
    pub fn stored() -> Self {
        Self::new(STORED, None)
    }

    fn new(state: u8, publisher: Option<Awaiting>) -> Self {
        Self(Some(Arc::new(Inner {
            state: AtomicU8::new(state),
            publisher,
        })))
    }

    /// The store is about to write the event: `false` when its publisher has given up, and then it
    /// is not written. The answer stays the same.
    #[must_use]
    pub fn claim(&self) -> bool {
        let Some(inner) = &self.0 else { return true };
        let state = if self.is_withdrawn() {
            WITHDRAWN
        } else {
            STORED
        };
        let claimed = inner.change(OFFERED, state).err();
        claimed.unwrap_or(state) != WITHDRAWN
    }

    /// Whether its publisher has given up.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        let Some(inner) = &self.0 else { return false };
        match inner.state.load(Acquire) {
            OFFERED => inner.publisher.as_ref().is_some_and(Awaiting::is_gone),
            state => state == WITHDRAWN,
        }
    }

    /// The store has answered that it is written. One that does not ask tickets writes all.
    pub(super) fn is_written(&self) {
        if let Some(inner) = &self.0
            && let Err(WITHDRAWN) = inner.change(OFFERED, STORED)
        {
            let _only_if_it_was_withdrawn = inner.change(WITHDRAWN, STORED);
        }
    }

    /// The store wants to drop the event unhandled: `false` when its handler has it.
    #[must_use]
    pub fn leave(&self) -> bool {
        let inner = self.0.as_ref();
        inner.is_none_or(|inner| inner.change(STORED, LEAVING).is_ok())
    }

    /// The event that was to [leave](Ticket::leave) is dropped, or stays.
    pub fn left(&self, is_gone: bool) {
        if let Some(inner) = &self.0 {
            let state = if is_gone { GONE } else { STORED };
            let _only_if_it_was_to_leave = inner.change(LEAVING, state);
        }
    }

    /// For a store that is not to keep the event in hand by its ticket.
    #[must_use]
    pub fn in_hand(&self) -> TicketInHand {
        TicketInHand(self.0.as_ref().map_or_else(Weak::new, Arc::downgrade))
    }

    /// Its handler is called, for the first time or again.
    pub(super) fn take(&self) -> Take {
        let Some(inner) = &self.0 else {
            return Take::Yes;
        };
        match inner.change(STORED, TAKEN) {
            Ok(()) | Err(TAKEN) => Take::Yes,
            Err(LEAVING) => Take::Unknown,
            Err(_) => Take::Gone,
        }
    }
}

impl TicketInHand {
    /// The ticket; `None` when nobody has the event in hand any more.
    #[must_use]
    pub fn ticket(&self) -> Option<Ticket> {
        self.0.upgrade().map(|inner| Ticket(Some(inner)))
    }

    /// Whether anybody has the event in hand.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl Inner {
    /// One state for another; the error is the state that it has.
    fn change(&self, from: u8, to: u8) -> Result<(), u8> {
        let changed = self.state.compare_exchange(from, to, AcqRel, Acquire);
        changed.map(drop)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.state.load(Acquire))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_b20_an_event_is_dropped_or_handled_and_never_both() {
        let ticket = Ticket::stored();
        assert_eq!(ticket.take(), Take::Yes);
        assert!(!ticket.leave(), "its handler has it");
        assert_eq!(ticket.take(), Take::Yes, "a retry");

        let ticket = Ticket::stored();
        assert!(ticket.leave());
        assert_eq!(ticket.take(), Take::Unknown);
        ticket.left(false);
        assert!(ticket.leave());
        ticket.left(true);
        assert_eq!(ticket.take(), Take::Gone);
        assert!(!ticket.leave(), "it is dropped once");
    }

    #[test]
    fn a_ticket_is_in_hand_as_long_as_somebody_has_it() {
        let ticket = Ticket::offered(None);
        let in_hand = ticket.in_hand();
        assert!(ticket.claim() && ticket.claim());
        let again = in_hand.ticket().unwrap();
        drop(ticket);
        assert!(in_hand.is_held() && again.leave());
        drop(again);
        assert!(in_hand.ticket().is_none());
    }
}
