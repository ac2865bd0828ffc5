//! A handler that is given one event by name, for a replay.

use std::sync::Arc;

use super::handler::{Queued, QueuedSite};
use crate::error::Result;
use crate::event::handler::{Site, admits};
use crate::event::inline::entry::Inline;
use crate::event::payload::{Carried, Envelope, Payload};
use crate::guard;

/// A handler whose type of payload is not named.
pub(crate) trait Addressee: Send + Sync {
    /// Whether its filter lets the event through.
    fn admits(&self, payload: &dyn Payload) -> bool;
    /// Takes the event if it is an inline handler, or says where to queue it.
    fn receive(&self, payload: &dyn Payload) -> Received;
}

/// What became of an event for one handler.
pub(crate) enum Received {
    Inline(Arc<Site>, Result<()>),
    Queued(Arc<QueuedSite>),
}

impl<P: Carried> Addressee for Inline<P> {
    fn admits(&self, payload: &dyn Payload) -> bool {
        envelope(payload).is_some_and(|event| self.wants(event))
    }

    fn receive(&self, payload: &dyn Payload) -> Received {
        received(&self.site, payload, |event| self.call(event))
    }
}

/// Calls an inline handler: guarded, counted, timed now and then.
pub(in crate::event) fn received<P: Carried>(
    site: &Arc<Site>,
    payload: &dyn Payload,
    call: impl FnOnce(&Envelope<P>) -> Result<()>,
) -> Received {
    let meta = payload.meta();
    let began = site.begin(1);
    let result = guard::call(site.owner.handling(&meta), || {
        envelope(payload).map_or(Ok(()), call)
    });
    site.took(1, began);
    if let Err(error) = &result {
        site.failed(meta, error);
    }
    Received::Inline(Arc::clone(site), result)
}

impl<P: Carried> Addressee for Queued<P> {
    fn admits(&self, payload: &dyn Payload) -> bool {
        envelope(payload).is_some_and(|event| admits(&self.site.site, self.filter.as_ref(), event))
    }

    fn receive(&self, _: &dyn Payload) -> Received {
        Received::Queued(Arc::clone(&self.site))
    }
}

/// The payload, which is of the route's type if it was decoded for its topic.
pub(in crate::event) fn envelope<P: Carried>(payload: &dyn Payload) -> Option<&Envelope<P>> {
    payload.as_any().downcast_ref()
}
