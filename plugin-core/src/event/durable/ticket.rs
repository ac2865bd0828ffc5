//! Whether an event in a store goes to its handler, or is dropped by a store that has no room: never
//! both.

use std::sync::atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire};
use std::sync::{Arc, Weak};

const FREE: u8 = 0;
/// Its handler has it.
const TAKEN: u8 = 1;
/// The store drops it, with the transaction under way or with one before.
const LEAVING: u8 = 2;

/// One delivery of an event that a store keeps; a clone is the same one. That of
/// [`Ticket::default`] is of a store that drops nothing.
#[derive(Debug, Clone, Default)]
pub struct Ticket(Option<Arc<AtomicU8>>);

/// A ticket that is nobody's any more once the delivery has come to its end.
#[derive(Debug, Clone, Default)]
pub struct WeakTicket(Weak<AtomicU8>);

impl Ticket {
    /// Of an event that its store may drop.
    #[must_use]
    pub fn droppable() -> Self {
        Self(Some(Arc::default()))
    }

    /// The store drops the event: `false` when its handler has it, and then it has to stay.
    #[must_use]
    pub fn leave(&self) -> bool {
        self.change(FREE, LEAVING).is_ok()
    }

    /// The event that was to [leave](Ticket::leave) is in the store still.
    pub fn stay(&self) {
        let _only_if_it_was_to_leave = self.change(LEAVING, FREE);
    }

    /// Its handler is called, for the first time or again: `false` when the store drops it.
    pub(in crate::event) fn take(&self) -> bool {
        self.change(FREE, TAKEN) != Err(LEAVING)
    }

    /// For a store, which is not to hold it.
    #[must_use]
    pub fn downgrade(&self) -> WeakTicket {
        WeakTicket(self.0.as_ref().map_or_else(Weak::new, Arc::downgrade))
    }

    /// One state for another; the error is the state that it has.
    fn change(&self, from: u8, to: u8) -> Result<(), u8> {
        let Some(state) = &self.0 else { return Ok(()) };
        let changed = state.compare_exchange(from, to, AcqRel, Acquire);
        changed.map(drop)
    }
}

impl WeakTicket {
    /// The ticket, as long as anybody in this process has the event in hand.
    #[must_use]
    pub fn upgrade(&self) -> Option<Ticket> {
        self.0.upgrade().map(|state| Ticket(Some(state)))
    }

    /// Whether anybody has.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.strong_count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_b20_an_event_is_dropped_or_handled_and_never_both() {
        let ticket = Ticket::droppable();
        assert!(ticket.take());
        assert!(!ticket.leave(), "its handler has it");
        assert!(ticket.take(), "a retry");

        let ticket = Ticket::droppable();
        assert!(ticket.leave());
        assert!(!ticket.take());
        ticket.stay();
        assert!(ticket.take(), "the transaction has failed");
    }

    #[test]
    fn a_store_that_drops_nothing_needs_no_tickets() {
        let ticket = Ticket::default();
        assert!(ticket.take() && ticket.take());
    }

    #[test]
    fn a_ticket_is_held_as_long_as_somebody_has_the_event_in_hand() {
        let ticket = Ticket::droppable();
        let weak = ticket.downgrade();
        assert!(weak.is_held());
        let again = weak.upgrade().unwrap();
        drop(ticket);
        assert!(again.leave());
        drop(again);
        assert!(weak.upgrade().is_none());
    }
}
