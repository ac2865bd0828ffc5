//! Decides whether an event in a store goes to its handler or is dropped by a store without room.
//! Never both happen.

use std::sync::atomic::{AtomicU8, Ordering::AcqRel, Ordering::Acquire};
use std::sync::{Arc, Weak};

const FREE: u8 = 0;
/// The handler has the event.
const TAKEN: u8 = 1;
/// The store drops the event, with the transaction in progress or with an earlier one.
const LEAVING: u8 = 2;

/// One delivery of an event that a store keeps. A clone stands for the same delivery.
/// [`Ticket::default`] is the ticket of a store that never drops events.
#[derive(Debug, Clone, Default)]
pub struct Ticket(Option<Arc<AtomicU8>>);

/// A ticket that no longer exists when the delivery is complete.
#[derive(Debug, Clone, Default)]
pub struct WeakTicket(Weak<AtomicU8>);

impl Ticket {
    /// The ticket of an event that its store may drop.
    #[must_use]
    pub fn droppable() -> Self {
        Self(Some(Arc::default()))
    }

    /// The store wants to drop the event. Returns `false` if its handler has it; then the event
    /// must stay.
    #[must_use]
    pub fn leave(&self) -> bool {
        self.change(FREE, LEAVING).is_ok()
    }

    /// The event that was to [leave](Ticket::leave) stays in the store.
    pub fn stay(&self) {
        let _only_if_it_was_to_leave = self.change(LEAVING, FREE);
    }

    /// The handler is about to be called, for the first time or again. Returns `false` if the store
    /// drops the event.
    pub(in crate::event) fn take(&self) -> bool {
        self.change(FREE, TAKEN) != Err(LEAVING)
    }

    /// A reference for a store, which must not keep the ticket alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakTicket {
        WeakTicket(self.0.as_ref().map_or_else(Weak::new, Arc::downgrade))
    }

    /// Changes one state to another. The error is the present state.
    fn change(&self, from: u8, to: u8) -> Result<(), u8> {
        let Some(state) = &self.0 else { return Ok(()) };
        let changed = state.compare_exchange(from, to, AcqRel, Acquire);
        changed.map(drop)
    }
}

impl WeakTicket {
    /// The ticket, as long as a part of this process holds the event.
    #[must_use]
    pub fn upgrade(&self) -> Option<Ticket> {
        self.0.upgrade().map(|state| Ticket(Some(state)))
    }

    /// Whether a part of this process holds the event.
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
