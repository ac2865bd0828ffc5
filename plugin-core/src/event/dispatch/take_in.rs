//! The beginning of every publishing operation: calls the interceptors, then the inline handlers.

use std::sync::Arc;

use crate::context::{Identity, Meta};
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::payload::{Carried, Envelope};
use crate::event::routing::route::{Route, RouteKind};
use crate::event::routing::target::Target;
use crate::rcu::epoch::Reading;
use crate::rcu::record::ThreadRecord;

/// An event that its inline handlers have handled, and the targets that still have to get it.
pub(in crate::event) type Remaining<P> = (Arc<Envelope<P>>, Arc<[Target<P>]>);

/// Accepts an event and calls the inline handlers; `None` if there are no other handlers.
pub(in crate::event) fn call_inline<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<Option<Remaining<P>>, PublishError> {
    take_in(bus, owner, (index, event), |envelope, route| {
        Ok((envelope, Arc::clone(&route.queued)))
    })
}

/// Accepts an event, calls the inline handlers, and applies `queue` to the other targets. The table
/// is read only while handlers run.
#[inline(always)]
pub(in crate::event) fn take_in<P: Carried, T>(
    bus: &Bus,
    owner: &Identity,
    (index, event): (usize, P),
    queue: impl FnOnce(Arc<Envelope<P>>, &Route<P>) -> Result<T, PublishError>,
) -> Result<Option<T>, PublishError> {
    if owner.is_muted() {
        owner.drop_at_stop(1);
        return Err(PublishError::Stopping);
    }
    let record = ThreadRecord::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let kind = route.kind();
    if kind >= RouteKind::Mailboxes {
        return take_in_queued(owner, (record, &reading), (route, event), queue);
    }
    record.count(owner.published().slot());
    if kind == RouteKind::Inline {
        let envelope = Envelope::new(Meta::new(record, owner.name()), event);
        route.inline.call(record, &reading, &envelope);
    }
    Ok(None)
}

/// Like [`take_in`], for a route with mailboxes or with interceptors, which are called first.
#[inline(never)]
fn take_in_queued<P: Carried, T>(
    owner: &Identity,
    (record, reading): (&ThreadRecord, &Reading<'_>),
    (route, event): (&Route<P>, P),
    queue: impl FnOnce(Arc<Envelope<P>>, &Route<P>) -> Result<T, PublishError>,
) -> Result<Option<T>, PublishError> {
    let mut envelope = Arc::new(Envelope::new(Meta::new(record, owner.name()), event));
    route.admit_shared(owner, reading, &mut envelope)?;
    record.count(owner.published().slot());
    if !route.inline.is_empty() {
        route.inline.call(record, reading, &envelope);
    }
    if route.queued.is_empty() {
        return Ok(None);
    }
    queue(envelope, route).map(Some)
}
