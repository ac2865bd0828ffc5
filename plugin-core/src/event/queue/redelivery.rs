//! Gives a single event to a certain handler, for a replay.

use std::sync::Arc;

use super::handler::{Queued, QueuedHandler};
use crate::error::Result;
use crate::event::handler::HandlerCore;
use crate::event::payload::{Carried, Envelope, Payload};

/// A handler with an erased type of payload.
pub(crate) trait Addressee: Send + Sync {
    /// Whether its filter accepts the event.
    fn admits(&self, payload: &dyn Payload) -> bool;
    /// Handles the event if it is an inline handler; otherwise returns the queue for the event.
    fn receive(&self, payload: &dyn Payload) -> Redelivered;
}

/// The result of giving an event to one handler.
pub(crate) enum Redelivered {
    Inline(Arc<HandlerCore>, Result<()>),
    Queued(Arc<QueuedHandler>),
}

impl<P: Carried> Addressee for Queued<P> {
    fn admits(&self, payload: &dyn Payload) -> bool {
        envelope(payload).is_some_and(|event| self.wants(event))
    }

    fn receive(&self, _: &dyn Payload) -> Redelivered {
        Redelivered::Queued(Arc::clone(&self.handler))
    }
}

/// The payload as the route's type, if it was decoded for this topic.
pub(in crate::event) fn envelope<P: Carried>(payload: &dyn Payload) -> Option<&Envelope<P>> {
    payload.as_any().downcast_ref()
}
