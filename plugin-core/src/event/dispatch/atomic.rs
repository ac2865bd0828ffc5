//! Publishing that either succeeds or has no effect, for publishers that have to report to somebody
//! outside which of the two happened.
//!
//! No subscriber gets the event before there is room for it everywhere and before it is stored for
//! its durable subscribers. Until then, an error means that it was not published.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::guard::PublishGuard;
use super::storage::stored;
use crate::context::{DropReason, Identity, Meta};
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::enqueue::EnqueueOutcome;
use crate::event::queue::handler::QueuedHandler;
use crate::event::routing::target::{NoRoom, Sending, Target};
use crate::event::uplink::Asks;
use crate::idempotency::IdempotencyKey;
use crate::rcu::record::ThreadRecord;

/// Pause before a group without room is tried again. A group is polled because it has several
/// members.
const PAUSE: Duration = Duration::from_millis(10);

/// The pending answers of the handlers for which an event is being stored.
type Awaited = Vec<(Arc<QueuedHandler>, oneshot::Receiver<HandlerOutcome>)>;

/// The result of offering an event to all targets at once.
enum Offer {
    /// All targets have the event, and none of them is durable.
    Done,
    Storing(Awaited),
    /// There is no room in this handler, or in a group.
    NoRoom(Option<Arc<QueuedHandler>>),
}

/// Publishes if there is room everywhere within `within`, and waits until the event is stored for
/// the durable subscribers.
pub(in crate::event) async fn publish_stored<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    (index, event): (usize, P),
    (key, within): (Option<IdempotencyKey>, Duration),
) -> Result<(), PublishError> {
    let until = Instant::now() + within;
    let mut meta = Meta::new(ThreadRecord::current(), owner.name());
    meta.key = key;
    let mut envelope = Arc::new(Envelope::new(meta, event));
    let mut admitted = false;
    let awaited = loop {
        match offer(bus, owner, index, (&mut envelope, &mut admitted))? {
            Offer::Done => return Ok(()),
            Offer::Storing(awaited) => break awaited,
            Offer::NoRoom(handler) => wait(handler, until).await?,
        }
    };
    let mut all = Ok(());
    for (handler, answer) in awaited {
        all = all.and(stored(&handler, answer).await);
    }
    all?;
    tell_others(bus, owner, index, &envelope).await;
    Ok(())
}

/// Passes the event to all targets, or takes room from none.
fn offer<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    (envelope, admitted): (&mut Arc<Envelope<P>>, &mut bool),
) -> Result<Offer, PublishError> {
    let publishing = PublishGuard::begin(bus, owner, index)?;
    let record = ThreadRecord::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    // This happens once, before any filter sees the event.
    if !*admitted {
        route.admit_shared(owner, &reading, envelope)?;
        *admitted = true;
    }
    let mut places = Vec::new();
    for target in &*route.queued {
        match target.reserve(envelope) {
            Ok(place) => places.extend(place.map(|place| (target, place))),
            Err(NoRoom::Full) => return Ok(Offer::NoRoom(target.handler().cloned())),
            Err(NoRoom::Store) => {
                target.no_place(&NoRoom::Store);
                return Err(target.not_stored());
            }
        }
    }
    let sending = Sending {
        current: &publishing,
        envelope,
        asks: Asks::Stored,
    };
    if !places.iter().any(|(target, _)| target.is_durable()) {
        record.count(owner.published().slot());
        route.inline.call(record, &reading, envelope);
        for (target, place) in places {
            target.deposit(&sending, place);
        }
        return Ok(Offer::Done);
    }
    let mut awaited = Vec::new();
    for (target, place) in places.into_iter().filter(|(target, _)| target.is_durable()) {
        let sent = sending.deposit(place);
        match (sent.accepted, sent.handler, sent.answer) {
            (EnqueueOutcome::Yes, Some(handler), Some(answer)) => awaited.push((handler, answer)),
            _ => return Err(target.not_stored()),
        }
    }
    Ok(Offer::Storing(awaited))
}

/// Waits until there may be room.
async fn wait(handler: Option<Arc<QueuedHandler>>, until: Instant) -> Result<(), PublishError> {
    let Some(handler) = handler else {
        if Instant::now() + PAUSE > until {
            return Err(PublishError::NoRoom { place: None });
        }
        tokio::time::sleep(PAUSE).await;
        return Ok(());
    };
    let room = timeout_at(until, handler.mailbox.reserve()).await;
    // The room is given back here, and taken again together with that of the other targets. A
    // closed mailbox has no handler any more.
    room.map(drop).map_err(|_| {
        handler.core.drop_event(DropReason::Full);
        PublishError::NoRoom {
            place: Some((handler.core.owner.name(), handler.core.name)),
        }
    })
}

/// Passes the stored event to the subscribers that are not durable.
async fn tell_others<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    envelope: &Arc<Envelope<P>>,
) {
    // If the system stops now, the event is stored, which is what was promised.
    let Ok(publishing) = PublishGuard::begin(bus, owner, index) else {
        return;
    };
    let queued = {
        let record = ThreadRecord::current();
        let reading = record.readers.enter();
        let route = bus.table().read(record, &reading).route::<P>(index);
        record.count(owner.published().slot());
        route.inline.call(record, &reading, envelope);
        Arc::clone(&route.queued)
    };
    let sending = Sending {
        current: &publishing,
        envelope,
        asks: Asks::Nothing,
    };
    for target in queued.iter().filter(|target| !target.is_durable()) {
        let sent = target.send(&sending).await;
        if let Some(handler) = sent.and_then(|sent| sent.handler) {
            let (plugin, handler) = (handler.core.owner.name(), handler.core.name);
            tracing::warn!(
                plugin,
                handler,
                "an event that is stored for others was missed here"
            );
        }
    }
}

impl<P> Target<P> {
    /// The handler of this target, unless it is a group.
    fn handler(&self) -> Option<&Arc<QueuedHandler>> {
        match self {
            Self::One(entry) => Some(&entry.handler),
            Self::Group(_) | Self::Host(..) => None,
        }
    }

    fn is_durable(&self) -> bool {
        self.handler()
            .is_some_and(|handler| handler.acceptance.is_durable())
    }

    fn not_stored(&self) -> PublishError {
        self.handler().map_or(PublishError::Stopping, |handler| {
            handler.refused(EnqueueOutcome::Refused)
        })
    }
}
