//! Decides whether an event may be published on its route: a chain of events must end, and
//! interceptors may refuse the event or replace it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::route::Route;
use crate::context::{DropReason, Identity};
use crate::error::Error;
use crate::event::interceptor::asked::Asked;
use crate::event::interceptor::chain::Chain;
use crate::event::interceptor::refusal::Refusal;
use crate::event::payload::{Carried, Envelope};
use crate::rcu::epoch::Reading;
use crate::traceparent::TraceContext;

impl<P: Carried> Route<P> {
    /// Checks that the event does not belong to an endless chain, and asks the interceptors, which
    /// may replace it. Returns the publisher's event if it was replaced. If an error is returned,
    /// the envelope contains the publisher's event.
    #[inline]
    pub(in crate::event) fn admit(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        envelope: &mut Envelope<P>,
    ) -> Result<Option<P>, Refusal> {
        if let Some(endless) = endless(owner, envelope) {
            return Err(endless);
        }
        match &self.interceptors {
            None => Ok(None),
            Some(chain) => ask(chain, owner, reading, envelope),
        }
    }

    /// Like [`Route::admit`], for an event that is already in an `Arc` but has only this owner.
    #[inline]
    pub(in crate::event) fn admit_shared(
        &self,
        owner: &Identity,
        reading: &Reading<'_>,
        envelope: &mut Arc<Envelope<P>>,
    ) -> Result<(), Refusal> {
        if self.interceptors.is_none() {
            return endless(owner, envelope).map_or(Ok(()), Err);
        }
        let envelope = Arc::get_mut(envelope).expect("nobody has an event before it is admitted");
        self.admit(owner, reading, envelope).map(drop)
    }
}

#[inline(never)]
fn ask<P: Carried>(
    chain: &Chain,
    owner: &Identity,
    reading: &Reading<'_>,
    envelope: &mut Envelope<P>,
) -> Result<Option<P>, Refusal> {
    let mut asked = Asked::new(envelope);
    match chain.admit(owner, reading, &mut asked) {
        Ok(()) => Ok(asked.original()),
        Err(refusal) => {
            asked.restore();
            Err(refusal)
        }
    }
}

/// The error for an event at the end of a chain of too many events.
#[inline]
fn endless<P: Carried>(owner: &Identity, envelope: &Envelope<P>) -> Option<Refusal> {
    let parent = envelope.meta_ref().parent?;
    let is_too_deep = parent.depth() > owner.max_event_depth() && !owner.is_manager();
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
    owner.counters().drop_events(DropReason::Endless, 1);
    if LAST_TOLD.swap(parent.trace_id().randomness(), Relaxed) != parent.trace_id().randomness() {
        tracing::error!(plugin = owner.name(), topic, trace_id = %parent.trace_id(), "{error}");
    }
    Refusal {
        plugin: owner.name(),
        interceptor: "max_event_depth",
        error,
    }
}

/// The trace whose chain was logged last, so that each chain is logged once.
static LAST_TOLD: AtomicU64 = AtomicU64::new(u64::MAX);
