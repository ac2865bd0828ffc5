//! An inline handler that gets a single event, for a replay.

use std::sync::Arc;

use super::entry::Inline;
use crate::error::Result;
use crate::event::handler::HandlerCore;
use crate::event::payload::{Carried, Envelope, Payload};
use crate::event::queue::redelivery::{Addressee, Redelivered, envelope};
use crate::guard;

impl<P: Carried> Addressee for Inline<P> {
    fn admits(&self, payload: &dyn Payload) -> bool {
        envelope(payload).is_some_and(|event| self.wants(event))
    }

    fn receive(&self, payload: &dyn Payload) -> Redelivered {
        received(&self.core, payload, |event| self.call(event))
    }
}

/// Calls an inline handler: guarded, counted, and timed for a sample.
pub(in crate::event) fn received<P: Carried>(
    core: &Arc<HandlerCore>,
    payload: &dyn Payload,
    call: impl FnOnce(&Envelope<P>) -> Result<()>,
) -> Redelivered {
    let meta = payload.meta();
    let began = core.begin(1);
    let result = guard::call(core.owner.handling(&meta), || {
        envelope(payload).map_or(Ok(()), call)
    });
    core.took(1, began);
    if let Err(error) = &result {
        core.failed(meta, error);
    }
    Redelivered::Inline(Arc::clone(core), result)
}
