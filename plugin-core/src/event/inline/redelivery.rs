//! An inline handler that is given one event by name, for a replay.

use std::sync::Arc;

use super::entry::Inline;
use crate::error::Result;
use crate::event::handler::Site;
use crate::event::payload::{Carried, Envelope, Payload};
use crate::event::queue::redelivery::{Addressee, Redelivered, envelope};
use crate::guard;

impl<P: Carried> Addressee for Inline<P> {
    fn admits(&self, payload: &dyn Payload) -> bool {
        envelope(payload).is_some_and(|event| self.wants(event))
    }

    fn receive(&self, payload: &dyn Payload) -> Redelivered {
        received(&self.site, payload, |event| self.call(event))
    }
}

/// Calls an inline handler: guarded, counted, timed now and then.
pub(in crate::event) fn received<P: Carried>(
    site: &Arc<Site>,
    payload: &dyn Payload,
    call: impl FnOnce(&Envelope<P>) -> Result<()>,
) -> Redelivered {
    let meta = payload.meta();
    let began = site.begin(1);
    let result = guard::call(site.owner.handling(&meta), || {
        envelope(payload).map_or(Ok(()), call)
    });
    site.took(1, began);
    if let Err(error) = &result {
        site.failed(meta, error);
    }
    Redelivered::Inline(Arc::clone(site), result)
}
