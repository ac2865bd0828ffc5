//! Publishing that never waits: room is reserved in every mailbox before any of them gets the
//! event.

use std::sync::Arc;

use super::guard::PublishGuard;
use crate::context::{Identity, Meta};
use crate::error::TryPublishError;
use crate::event::bus::Bus;
use crate::event::payload::{Carried, Envelope};
use crate::event::routing::route::{Route, RouteKind};
use crate::event::routing::target::Sending;
use crate::event::uplink::Asks;
use crate::rcu::epoch::Reading;
use crate::rcu::record::ThreadRecord;

/// Publishes if every subscriber that would make a publisher wait has room now.
#[inline]
pub(in crate::event) fn try_publish<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<(), TryPublishError<P>> {
    if owner.is_muted() {
        owner.drop_at_stop(1);
        return Err(TryPublishError::Stopping(event));
    }
    let record = ThreadRecord::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let kind = route.kind();
    if kind >= RouteKind::Mailboxes {
        return try_publish_queued(bus, owner, (record, &reading), (route, index, event));
    }
    record.count(owner.published().slot());
    if kind == RouteKind::Inline {
        let envelope = Envelope::new(Meta::new(record, owner.name()), event);
        route.inline.call(record, &reading, &envelope);
    }
    Ok(())
}

/// Calls the interceptors, then reserves room in every mailbox, so that either all get the event or
/// none.
#[inline(never)]
fn try_publish_queued<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    (record, reading): (&ThreadRecord, &Reading<'_>),
    (route, index, event): (&Route<P>, usize, P),
) -> Result<(), TryPublishError<P>> {
    let Ok(publishing) = PublishGuard::begin(bus, owner, index) else {
        return Err(TryPublishError::Stopping(event));
    };
    let mut envelope = Envelope::new(Meta::new(record, owner.name()), event);
    let original = match route.admit(owner, reading, &mut envelope) {
        Ok(original) => original,
        Err(refusal) => return Err(refusal.of(envelope.into_event())),
    };
    let mut places = Vec::new();
    for target in &*route.queued {
        match target.reserve(&envelope) {
            Ok(place) => places.extend(place.map(|place| (target, place))),
            Err(no_room) => {
                target.no_place(&no_room);
                // The reserved room is given back before the event.
                drop(places);
                // The publisher gets its original event back. If it tries again, the interceptors
                // change it again.
                let event = original.unwrap_or_else(|| envelope.into_event());
                return Err(no_room.with(event));
            }
        }
    }
    record.count(owner.published().slot());
    route.inline.call(record, reading, &envelope);
    let sending = Sending {
        current: &publishing,
        envelope: &Arc::new(envelope),
        asks: Asks::Nothing,
    };
    for (target, place) in places {
        target.deposit(&sending, place);
    }
    Ok(())
}
