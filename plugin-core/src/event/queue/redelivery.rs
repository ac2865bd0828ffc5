//! A handler that is given one event by name, for a replay.

use std::sync::Arc;

use super::handler::{Queued, QueuedHandler};
use crate::error::Result;
use crate::event::handler::HandlerCore;
use crate::event::payload::{Carried, Envelope, Payload};

/// A handler whose type of payload is not named.
pub(crate) trait Addressee: Send + Sync {
    /// Whether its filter lets the event through.
    fn admits(&self, payload: &dyn Payload) -> bool;
    /// Takes the event if it is an inline handler, or says where to queue it.
    fn receive(&self, payload: &dyn Payload) -> Redelivered;
}

/// What became of an event for one handler.
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

/// The payload, which is of the route's type if it was decoded for its topic.
pub(in crate::event) fn envelope<P: Carried>(payload: &dyn Payload) -> Option<&Envelope<P>> {
    payload.as_any().downcast_ref()
}
