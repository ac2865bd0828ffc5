//! How a pump gets the result of a delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::quarantine::Watch;
use super::store::{Settled, Settlement, Ticket};
use crate::event::outcome::dead_letters::DeadLetter;
use crate::event::queue::acknowledgement::Acknowledgement;

/// The result of a delivery.
pub(super) struct Ack {
    position: u64,
    /// `None` if no handler finished with it.
    end: Option<Settlement>,
    /// It is held until the event is settled; until then the store does not drop the event.
    _ticket: Ticket,
    /// Its place in the window, until it is settled.
    _place: OwnedSemaphorePermit,
    watch: Option<Watch>,
}

impl Ack {
    /// The position of a suspect, if no handler finished with it.
    pub(super) fn cleared(&self) -> Option<u64> {
        let is_open = self.watch.is_some() && self.end.is_none();
        is_open.then_some(self.position)
    }

    pub(super) fn settled(&self) -> Option<Settled> {
        Some(Settled {
            position: self.position,
            end: self.end.clone()?,
        })
    }

    pub(super) fn letter(&self) -> Option<&DeadLetter> {
        match &self.end {
            Some(Settlement::Dead(letter)) => Some(letter),
            _ => None,
        }
    }
}

/// Number of deliveries that are not answered yet.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Arc<AtomicUsize>);

impl InHand {
    pub(super) fn count(&self) -> usize {
        self.0.load(Acquire)
    }
}

/// Answers the pump once: with a result, or, if it is dropped, without one.
pub(super) struct AckHandle {
    position: u64,
    in_hand: InHand,
    answers: mpsc::UnboundedSender<Ack>,
    place: Option<OwnedSemaphorePermit>,
    watch: Option<Watch>,
    ticket: Ticket,
}

impl AckHandle {
    pub(super) fn new(
        (position, ticket): (u64, Ticket),
        (answers, in_hand): (&mpsc::UnboundedSender<Ack>, &InHand),
        place: OwnedSemaphorePermit,
    ) -> Self {
        in_hand.0.fetch_add(1, Relaxed);
        Self {
            position,
            in_hand: in_hand.clone(),
            answers: answers.clone(),
            place: Some(place),
            watch: None,
            ticket,
        }
    }

    /// Adds the watch of a suspect.
    pub(super) fn watched(mut self, watch: Watch) -> Self {
        self.watch = Some(watch);
        self
    }

    fn send(&mut self, end: Option<Settlement>) {
        if let Some(place) = self.place.take() {
            self.in_hand.0.fetch_sub(1, Release);
            // A pump that was given up leaves everything in the store.
            drop(self.answers.send(Ack {
                position: self.position,
                end,
                _ticket: self.ticket.clone(),
                _place: place,
                watch: self.watch.take(),
            }));
        }
    }
}

impl Acknowledgement for AckHandle {
    /// If the store drops the event, its result is in the store, where the pump looks when this
    /// handle is dropped.
    fn take(&self) -> bool {
        self.ticket.take()
    }

    fn handled(mut self: Box<Self>) {
        self.send(Some(Settlement::Handled));
    }

    fn dead(mut self: Box<Self>, letter: DeadLetter) {
        self.send(Some(Settlement::Dead(Box::new(letter))));
    }
}

impl Drop for AckHandle {
    fn drop(&mut self) {
        self.send(None);
    }
}
