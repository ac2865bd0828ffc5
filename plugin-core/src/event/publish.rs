//! The way of one event: inline handlers on the spot, then a job in each mailbox.

use std::sync::Arc;

use arc_swap::Guard;
use tokio::sync::oneshot;

use super::any::{Carried, Payload, Untyped};
use super::bus::Bus;
use super::descriptor::{DecodeError, Event};
use super::envelope::{Envelope, Meta};
use super::handler::{Inline, Queued, QueuedSite, call_inline};
use super::mailbox::{Job, NoSlot, Slot};
use super::outcome::{HandlerOutcome, PublishError, TryPublishError};
use super::route::Route;
use crate::context;
use crate::descriptor::{BoxFuture, Overflow};
use crate::error::{Error, Result as PluginResult};
use crate::instance::Identity;

/// Publishes: waits for room where a subscription lets it.
pub(super) async fn publish<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<(), PublishError> {
    if bus.is_closed() || owner.is_muted() {
        return Err(PublishError::Stopping);
    }
    count(owner);
    let envelope = Envelope::new(Meta::new(owner.name()), event);
    let Some(queued) = inline(bus, index, &envelope, |_, _| ()) else {
        return Ok(());
    };
    let envelope = Arc::new(envelope);
    let mut refused = Ok(());
    for handler in queued.iter().filter(|handler| handler.wants(&envelope)) {
        let site = &handler.site;
        if enqueue(bus, site, Arc::clone(&envelope) as _, None).await == Accepted::Full {
            refused = Err(PublishError::Full {
                plugin: site.site.owner.name(),
                handler: site.site.handler,
            });
        }
    }
    refused
}

/// Publishes, and waits for what each handler makes of it.
pub(super) async fn publish_and_wait<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<Vec<HandlerOutcome>, PublishError> {
    if bus.is_closed() || owner.is_muted() {
        return Err(PublishError::Stopping);
    }
    count(owner);
    let envelope = Envelope::new(Meta::new(owner.name()), event);
    let mut outcomes = Vec::new();
    let queued = inline(bus, index, &envelope, |handler: &Inline<P>, result| {
        outcomes.push(handler.site.outcome(result));
    });
    let envelope = Arc::new(envelope);
    let mut awaited = Vec::new();
    for handler in queued.iter().flatten() {
        if !handler.wants(&envelope) {
            continue;
        }
        let (acknowledge, answer) = oneshot::channel();
        let payload = Arc::clone(&envelope) as Arc<dyn Payload>;
        match enqueue(bus, &handler.site, payload, Some(acknowledge)).await {
            Accepted::Yes => awaited.push((Arc::clone(&handler.site), answer)),
            Accepted::Gone => {}
            Accepted::Full | Accepted::Dropped => outcomes.push(
                handler
                    .site
                    .site
                    .outcome(Err(Error::retriable("the mailbox is full"))),
            ),
        }
    }
    for (site, answer) in awaited {
        outcomes.push(answer.await.unwrap_or_else(|_| {
            site.site.outcome(Err(Error::retriable(
                "the plugin stopped before it came to the event",
            )))
        }));
    }
    Ok(outcomes)
}

/// Publishes if every subscriber that would let a publisher wait has room now.
pub(super) fn try_publish<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<(), TryPublishError<P>> {
    if bus.is_closed() || owner.is_muted() {
        return Err(TryPublishError::Stopping(event));
    }
    let envelope = Envelope::new(Meta::new(owner.name()), event);
    let route: Route<P> = bus.table().load().route::<P>(index).clone();
    let mut slots = Vec::with_capacity(route.queued.len());
    for handler in route
        .queued
        .iter()
        .filter(|handler| handler.wants(&envelope))
    {
        let site = &handler.site;
        match site.mailbox.try_reserve() {
            Ok(slot) => slots.push((site, Some(slot))),
            Err(NoSlot::Closed) => {}
            Err(NoSlot::Full)
                if matches!(
                    site.site.options.overflow,
                    Overflow::DropOldest | Overflow::DropNewest
                ) =>
            {
                slots.push((site, None));
            }
            Err(NoSlot::Full) => {
                drop(slots);
                return Err(TryPublishError::Full(envelope.into_event()));
            }
        }
    }
    count(owner);
    inline(bus, index, &envelope, |_, _| ());
    let envelope = Arc::new(envelope);
    for (site, slot) in slots {
        deposit(bus, site, Arc::clone(&envelope) as _, None, slot);
    }
    Ok(())
}

fn count(owner: &Identity) {
    owner
        .counters()
        .published
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}

/// Calls the inline handlers in order and returns the queued ones; `None` if there are none.
/// The table is held while handlers run, and no longer.
fn inline<P: Carried>(
    bus: &Bus,
    index: usize,
    envelope: &Envelope<P>,
    mut done: impl FnMut(&Inline<P>, PluginResult<()>),
) -> Option<Vec<Arc<Queued<P>>>> {
    let table: Guard<_> = bus.table().load();
    let route = table.route::<P>(index);
    for handler in &route.inline {
        if handler
            .filter
            .as_ref()
            .is_none_or(|filter| filter(envelope))
        {
            let result = call_inline(&handler.site, envelope.meta(), || (handler.call)(envelope));
            done(handler, result);
        }
    }
    (!route.queued.is_empty()).then(|| route.queued.clone())
}

impl<P> Queued<P> {
    fn wants(&self, envelope: &Envelope<P>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter(envelope))
    }
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepted {
    Yes,
    /// The subscription ended meanwhile.
    Gone,
    /// The overflow policy dropped it.
    Dropped,
    /// There was no room, and waiting was not allowed.
    Full,
}

type Acknowledge = Option<oneshot::Sender<HandlerOutcome>>;

async fn enqueue(
    bus: &Bus,
    site: &Arc<QueuedSite>,
    payload: Arc<dyn Payload>,
    acknowledge: Acknowledge,
) -> Accepted {
    let slot = match site.mailbox.try_reserve() {
        Ok(slot) => Some(slot),
        Err(NoSlot::Closed) => return Accepted::Gone,
        Err(NoSlot::Full) if site.site.options.overflow.waits() => {
            // A worker that waits for room in its own mailbox would wait for ever.
            if context::current().is_some_and(|current| current.worker == Some(site.mailbox.uid()))
            {
                return Accepted::Full;
            }
            match site.mailbox.reserve().await {
                Ok(slot) => Some(slot),
                Err(_) => return Accepted::Gone,
            }
        }
        Err(NoSlot::Full) => None,
    };
    deposit(bus, site, payload, acknowledge, slot)
}

/// Fills a slot, or, without one, does what the overflow policy says.
fn deposit(
    bus: &Bus,
    site: &Arc<QueuedSite>,
    payload: Arc<dyn Payload>,
    acknowledge: Acknowledge,
    slot: Option<Slot<'_>>,
) -> Accepted {
    let job = Job {
        site: Arc::clone(site),
        payload,
        acknowledge,
        pending: bus.pending().begin(),
    };
    let (accepted, dropped) = match (slot, site.site.options.overflow) {
        (Some(slot), _) => {
            return if slot.fill(job) {
                Accepted::Yes
            } else {
                Accepted::Gone
            };
        }
        (None, Overflow::DropOldest) => match site.mailbox.displace(job) {
            Ok(displaced) => (Accepted::Yes, displaced),
            Err(job) => (Accepted::Dropped, job),
        },
        (None, Overflow::DropNewest) => (Accepted::Dropped, job),
        (None, Overflow::Fail | Overflow::Wait) => return Accepted::Full,
    };
    give_way(site, dropped);
    accepted
}

/// Counts an event that an overflow policy dropped, and tells who waits for it.
fn give_way(site: &QueuedSite, dropped: Job) {
    let counters = site.site.owner.counters();
    counters
        .dropped
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    tracing::debug!(
        plugin = site.site.owner.name(),
        handler = site.site.handler,
        event = %dropped.payload.meta().id,
        "an event was dropped by the overflow policy"
    );
    if let Some(acknowledge) = dropped.acknowledge {
        let error = Error::retriable("the overflow policy dropped the event");
        // The publisher may have stopped waiting.
        drop(acknowledge.send(site.site.outcome(Err(error))));
    }
}

/// An event whose type the publisher does not name.
pub(crate) trait Publishable: Send {
    fn publish<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<(), PublishError>>;
}

impl<E: Event> Publishable for Typed<E> {
    fn publish<'a>(
        self: Box<Self>,
        bus: &'a Bus,
        owner: &'a Identity,
    ) -> BoxFuture<'a, Result<(), PublishError>> {
        Box::pin(async move { publish(bus, owner, bus.index::<E>(), self.0).await })
    }
}

struct Typed<E>(E);

/// Reads an event from JSON.
pub(super) fn decode<E: Event>(json: &[u8]) -> Result<Box<dyn Publishable>, DecodeError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    serde_path_to_error::deserialize::<_, E>(&mut deserializer)
        .map(|event| Box::new(Typed(event)) as Box<dyn Publishable>)
        .map_err(|error| DecodeError::new(E::DESCRIPTOR.topic, error))
}

/// Publishes on a topic that no type declares.
pub(super) async fn publish_untyped(
    bus: &Bus,
    owner: &Identity,
    event: Untyped,
) -> Result<(), PublishError> {
    let index = bus.table().load().untyped();
    publish(bus, owner, index, event).await
}
