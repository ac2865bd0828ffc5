//! A publishing that middleware refused.

use crate::error::Error;
use crate::event::any::{AnyEvent, Carried};
use crate::event::envelope::Envelope;
use crate::event::epoch::Reading;
use crate::event::outcome::{PublishError, TryPublishError};
use crate::event::route::Route;
use crate::instance::Identity;

/// Who refused an event, and why.
#[derive(Debug)]
pub(in crate::event) struct Refusal {
    pub(super) plugin: &'static str,
    pub(super) middleware: &'static str,
    pub(super) error: Error,
}

impl Refusal {
    /// The same, with the event that comes back.
    pub(in crate::event) fn of<E>(self, event: E) -> TryPublishError<E> {
        TryPublishError::Refused {
            event,
            plugin: self.plugin,
            middleware: self.middleware,
            error: self.error,
        }
    }
}

impl<P: Carried> Route<P> {
    /// Asks the middleware whether an event may be published.
    pub(in crate::event) fn admit(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
    ) -> Result<(), Refusal> {
        match &self.middleware {
            None => Ok(()),
            Some(chain) => chain.admit(owner, reading, &AnyEvent::new(envelope)),
        }
    }
}

impl From<Refusal> for PublishError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            plugin: refusal.plugin,
            middleware: refusal.middleware,
            error: refusal.error,
        }
    }
}
