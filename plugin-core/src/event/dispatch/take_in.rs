//! The way of one event: inline handlers on the spot, then a job in each mailbox.

use std::sync::Arc;

use super::permit::Publishing;
use crate::context::{Identity, Meta};
use crate::error::{Error, PublishError, TryPublishError};
use crate::event::bus::Bus;
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::enqueue::Accepted;
use crate::event::routing::route::{Route, Serves};
use crate::event::routing::target::{Asks, Sending, Sent, Target};
use crate::rcu::epoch::Reading;
use crate::rcu::record::Record;

/// An event that its inline handlers have handled, and the handlers that are still to have it.
pub(in crate::event) type Remaining<P> = (Arc<Envelope<P>>, Arc<[Target<P>]>);

/// Takes an event in and calls the inline handlers; `None` if there are no others.
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

/// Takes an event in, calls the inline handlers, and does with the others what `queue` says. The
/// table is read while handlers run, and no longer.
#[inline(always)]
pub(in crate::event) fn take_in<P: Carried, T>(
    bus: &Bus,
    owner: &Identity,
    (index, event): (usize, P),
    queue: impl FnOnce(Arc<Envelope<P>>, &Route<P>) -> Result<T, PublishError>,
) -> Result<Option<T>, PublishError> {
    if owner.is_muted() {
        return Err(PublishError::Stopping);
    }
    let record = Record::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let serves = route.serves();
    if serves >= Serves::Mailboxes {
        return take_in_queued(owner, (record, &reading), (route, event), queue);
    }
    record.count(owner.published().slot());
    if serves == Serves::Inline {
        let envelope = Envelope::new(Meta::new(record, owner.name()), event);
        route.inline.call(record, &reading, &envelope);
    }
    Ok(None)
}

/// As [`take_in`], of a route with mailboxes or with middleware, which is asked first.
#[inline(never)]
fn take_in_queued<P: Carried, T>(
    owner: &Identity,
    (record, reading): (&Record, &Reading<'_>),
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

/// Publishes, and waits for what each handler makes of it.
pub(in crate::event) async fn publish_and_wait<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<Vec<HandlerOutcome>, PublishError> {
    let mut outcomes = Vec::new();
    let (envelope, queued) = call_inline_told(bus, owner, (index, event), &mut outcomes)?;
    if queued.is_empty() {
        return Ok(outcomes);
    }
    let publishing = Publishing::begin(bus, owner, index)?;
    let sending = Sending {
        current: &publishing,
        envelope: &envelope,
        asks: Asks::Outcomes,
    };
    let mut awaited = Vec::new();
    for target in &*queued {
        let Some(sent) = target.send(&sending).await else {
            continue;
        };
        let Sent {
            accepted,
            site: Some(site),
            answer,
        } = sent
        else {
            continue;
        };
        match (accepted, answer) {
            _ if site.is_ours() => outcomes.push(site.site.outcome(Err(Error::bug(
                "a handler can't wait for a handler of its own plugin, which comes after it",
            )))),
            (Accepted::Yes, Some(answer)) => awaited.push((site, answer)),
            (Accepted::Yes, None) | (Accepted::Gone, _) => {}
            (Accepted::Refused, _) => {
                let error = site.refused(accepted).to_string();
                outcomes.push(site.site.outcome(Err(Error::retriable(error))));
            }
            (Accepted::Full | Accepted::Dropped, _) => {
                outcomes.push(
                    site.site
                        .outcome(Err(Error::retriable("the mailbox is full"))),
                );
            }
        }
    }
    drop(publishing);
    for (site, answer) in awaited {
        outcomes.push(answer.await.unwrap_or_else(|_| {
            let gone = Error::retriable("the plugin stopped before it came to the event");
            site.site.outcome(Err(gone))
        }));
    }
    Ok(outcomes)
}

/// As [`call_inline`], and tells what each handler made of the event.
fn call_inline_told<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    (index, event): (usize, P),
    outcomes: &mut Vec<HandlerOutcome>,
) -> Result<Remaining<P>, PublishError> {
    if owner.is_muted() {
        return Err(PublishError::Stopping);
    }
    let record = Record::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let mut envelope = Envelope::new(Meta::new(record, owner.name()), event);
    route.admit(owner, &reading, &mut envelope)?;
    record.count(owner.published().slot());
    route
        .inline
        .call_told(record, &reading, &envelope, |handler, result| {
            outcomes.push(handler.site.outcome(result));
        });
    Ok((Arc::new(envelope), Arc::clone(&route.queued)))
}

/// Publishes if every subscriber that would let a publisher wait has room now.
#[inline]
pub(in crate::event) fn try_publish<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<(), TryPublishError<P>> {
    if owner.is_muted() {
        return Err(TryPublishError::Stopping(event));
    }
    let record = Record::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    let serves = route.serves();
    if serves >= Serves::Mailboxes {
        return try_publish_queued(bus, owner, (record, &reading), (route, index, event));
    }
    record.count(owner.published().slot());
    if serves == Serves::Inline {
        let envelope = Envelope::new(Meta::new(record, owner.name()), event);
        route.inline.call(record, &reading, &envelope);
    }
    Ok(())
}

/// Asks the middleware, then takes room in every mailbox first, so that all get the event or none.
#[inline(never)]
fn try_publish_queued<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    (record, reading): (&Record, &Reading<'_>),
    (route, index, event): (&Route<P>, usize, P),
) -> Result<(), TryPublishError<P>> {
    let Ok(publishing) = Publishing::begin(bus, owner, index) else {
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
                // What is reserved is given back before the event is.
                drop(places);
                // It comes back as the publisher gave it: tried again, it is changed again.
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
