//! A publishing that middleware refused.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::error::Error;
use crate::event::any::{AnyEvent, Carried};
use crate::event::envelope::Envelope;
use crate::event::epoch::Reading;
use crate::event::outcome::{PublishError, TryPublishError};
use crate::event::route::Route;
use crate::instance::Identity;
use crate::trace::TraceContext;

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
    /// Asks whether an event may be published: that it is not one of an endless chain, and the
    /// middleware.
    pub(in crate::event) fn admit(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        envelope: &Envelope<P>,
    ) -> Result<(), Refusal> {
        if let Some(endless) = endless(owner, envelope) {
            return Err(endless);
        }
        match &self.middleware {
            None => Ok(()),
            Some(chain) => chain.admit(owner, reading, &AnyEvent::new(envelope)),
        }
    }
}

/// Why an event is not published in whose chain too many events came one after the other.
#[inline]
fn endless<P: Carried>(owner: &Identity, envelope: &Envelope<P>) -> Option<Refusal> {
    let parent = envelope.meta_ref().parent?;
    let is_too_deep = parent.depth() >= owner.max_event_depth() && !owner.is_manager();
    is_too_deep.then(|| refuse_endless(owner, envelope.topic(), parent))
}

#[cold]
fn refuse_endless(owner: &Identity, topic: &str, parent: TraceContext) -> Refusal {
    let depth = owner.max_event_depth();
    let error = Error::bug(format!(
        "`{topic}` is published in a chain of more than {depth} events, each of which was published \
        while the one before it was handled: a handler publishes, by itself or through others, what \
        it is called for (`max_event_depth` of `plugin_manager` is how many may be)"
    ));
    owner.counters().refuse();
    if LAST_TOLD.swap(parent.trace_id().randomness(), Relaxed) != parent.trace_id().randomness() {
        tracing::error!(plugin = owner.name(), topic, trace_id = %parent.trace_id(), "{error}");
    }
    Refusal {
        plugin: owner.name(),
        middleware: "max_event_depth",
        error,
    }
}

/// The trace whose chain was told of last, so that each is told of once.
static LAST_TOLD: AtomicU64 = AtomicU64::new(u64::MAX);

impl From<Refusal> for PublishError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            plugin: refusal.plugin,
            middleware: refusal.middleware,
            error: refusal.error,
        }
    }
}
