//! The way of one event: inline handlers on the spot, then a job in each mailbox.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::any::{Carried, Payload};
use super::backlog;
use super::bus::Bus;
use super::envelope::{Envelope, Meta};
use super::epoch::Reading;
use super::handler::{Queued, QueuedSite, admits};
use super::job::Job;
use super::mailbox::{Displaced, NoSlot, Slot};
use super::outcome::{HandlerOutcome, PublishError, TryPublishError};
use super::record::Record;
use super::route::{Route, Serves};
use crate::context;
use crate::descriptor::Overflow;
use crate::error::Error;
use crate::instance::Identity;

/// Publishes: waits for room where a subscription lets it.
pub(super) async fn publish<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<(), PublishError> {
    match call_inline(bus, owner, index, event)? {
        None => Ok(()),
        Some((envelope, queued)) => enqueue_all(bus, owner, envelope, &queued).await,
    }
}

/// An event that its inline handlers have handled, and the handlers that are still to have it.
type Remaining<P> = (Arc<Envelope<P>>, QueuedHandlers<P>);
type QueuedHandlers<P> = Arc<[Arc<Queued<P>>]>;

/// Takes an event in and calls the inline handlers; `None` if there are no others. The table is
/// read while handlers run, and no longer.
#[inline(always)]
fn call_inline<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    index: usize,
    event: P,
) -> Result<Option<Remaining<P>>, PublishError> {
    if owner.is_muted() {
        return Err(PublishError::Stopping);
    }
    let record = Record::current();
    let reading = record.readers.enter();
    let route = bus.table().read(record, &reading).route::<P>(index);
    record.count(owner.published().slot());
    let serves = route.serves();
    if serves == Serves::Nobody {
        return Ok(None);
    }
    let envelope = Envelope::new(Meta::new(record, owner.name()), event);
    route.call_inline(record, &reading, &envelope);
    if serves != Serves::Mailboxes {
        return Ok(None);
    }
    Ok(Some((Arc::new(envelope), Arc::clone(&route.queued))))
}

async fn enqueue_all<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    envelope: Arc<Envelope<P>>,
    queued: &[Arc<Queued<P>>],
) -> Result<(), PublishError> {
    let publishing = Publishing::begin(bus, owner)?;
    let mut refused = Ok(());
    let mut tally = Tally::default();
    for handler in queued.iter().filter(|handler| handler.wants(&envelope)) {
        let site = &handler.site;
        let accepted = publishing
            .enqueue(site, Arc::clone(&envelope) as _, None)
            .await;
        tally.count(accepted);
        if accepted == Accepted::Full {
            refused = Err(PublishError::Full {
                plugin: site.site.owner.name(),
                handler: site.site.handler,
            });
        }
    }
    if tally.nobody_was_left() {
        Err(PublishError::Stopping)
    } else {
        refused
    }
}

/// Publishes, and waits for what each handler makes of it.
pub(super) async fn publish_and_wait<P: Carried>(
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
    let publishing = Publishing::begin(bus, owner)?;
    let mut awaited = Vec::new();
    for handler in queued.iter().filter(|handler| handler.wants(&envelope)) {
        let site = &handler.site;
        let payload = Arc::clone(&envelope) as Arc<dyn Payload>;
        if site.is_ours() {
            publishing.enqueue(site, payload, None).await;
            outcomes.push(site.site.outcome(Err(Error::bug(
                "a handler can't wait for a handler of its own plugin, which comes after it",
            ))));
            continue;
        }
        let (acknowledge, answer) = oneshot::channel();
        match publishing.enqueue(site, payload, Some(acknowledge)).await {
            Accepted::Yes => awaited.push((Arc::clone(site), answer)),
            Accepted::Gone => {}
            Accepted::Full | Accepted::Dropped => {
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
    record.count(owner.published().slot());
    let envelope = Envelope::new(Meta::new(record, owner.name()), event);
    route.call_told(record, &reading, &envelope, |handler, result| {
        outcomes.push(handler.site.outcome(result));
    });
    Ok((Arc::new(envelope), Arc::clone(&route.queued)))
}

/// Publishes if every subscriber that would let a publisher wait has room now.
#[inline]
pub(super) fn try_publish<P: Carried>(
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
    if serves == Serves::Mailboxes {
        return try_publish_queued(bus, owner, (record, &reading), (route, event));
    }
    record.count(owner.published().slot());
    if serves == Serves::Inline {
        let envelope = Envelope::new(Meta::new(record, owner.name()), event);
        route.call_inline(record, &reading, &envelope);
    }
    Ok(())
}

/// Takes room in every mailbox first, so that all get the event or none.
#[inline(never)]
fn try_publish_queued<P: Carried>(
    bus: &Bus,
    owner: &Identity,
    (record, reading): (&Record, &Reading<'_>),
    (route, event): (&Route<P>, P),
) -> Result<(), TryPublishError<P>> {
    let Ok(publishing) = Publishing::begin(bus, owner) else {
        return Err(TryPublishError::Stopping(event));
    };
    let envelope = Envelope::new(Meta::new(record, owner.name()), event);
    let mut slots = Vec::new();
    for handler in &*route.queued {
        if !handler.wants(&envelope) {
            continue;
        }
        let site = &handler.site;
        match (site.mailbox.try_reserve(), site.site.options.overflow) {
            (Ok(slot), _) => slots.push((site, Some(slot))),
            (Err(NoSlot::Closed), _) => {}
            (Err(NoSlot::Full), Overflow::DropOldest | Overflow::DropNewest) => {
                slots.push((site, None));
            }
            (Err(NoSlot::Full), Overflow::Wait | Overflow::Fail) => {
                return Err(TryPublishError::Full(envelope.into_event()));
            }
        }
    }
    record.count(owner.published().slot());
    route.call_inline(record, reading, &envelope);
    let envelope = Arc::new(envelope);
    for (site, slot) in slots {
        publishing.deposit(site, Arc::clone(&envelope) as _, None, slot);
    }
    Ok(())
}

impl<P> Queued<P> {
    fn wants(&self, envelope: &Envelope<P>) -> bool {
        admits(&self.site.site, self.filter.as_ref(), envelope)
    }
}

impl QueuedSite {
    /// Whether this code runs in a handler of the same plugin: it must not wait for the worker
    /// that it keeps busy.
    fn is_ours(&self) -> bool {
        context::current().is_some_and(|current| current.worker == Some(self.mailbox.uid()))
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

/// What became of all the jobs of an event.
#[derive(Default)]
struct Tally {
    jobs: usize,
    gone: usize,
}

impl Tally {
    fn count(&mut self, accepted: Accepted) {
        self.jobs += 1;
        self.gone += usize::from(accepted == Accepted::Gone);
    }

    /// Every subscriber there was had gone by the time that its turn came.
    fn nobody_was_left(&self) -> bool {
        self.jobs > 0 && self.gone == self.jobs
    }
}

type Acknowledge = Option<oneshot::Sender<HandlerOutcome>>;

/// A publishing under way. While it lasts the bus is not idle, so that a stop waits for it.
struct Publishing<'a> {
    bus: &'a Bus,
    _under_way: backlog::Publishing<'a>,
}

impl<'a> Publishing<'a> {
    /// Counts first and looks then: a stop mutes first and looks at the count then, so that one of
    /// the two sees the other.
    fn begin(bus: &'a Bus, owner: &Identity) -> Result<Self, PublishError> {
        let under_way = bus.pending().publishing();
        if bus.is_closed() || owner.is_muted() {
            return Err(PublishError::Stopping);
        }
        Ok(Self {
            bus,
            _under_way: under_way,
        })
    }

    async fn enqueue(
        &self,
        site: &Arc<QueuedSite>,
        payload: Arc<dyn Payload>,
        acknowledge: Acknowledge,
    ) -> Accepted {
        let slot = match site.mailbox.try_reserve() {
            Ok(slot) => Some(slot),
            Err(NoSlot::Closed) => return Accepted::Gone,
            Err(NoSlot::Full) if site.site.options.overflow.waits() => {
                if site.is_ours() {
                    return Accepted::Full;
                }
                match site.mailbox.reserve().await {
                    Ok(slot) => Some(slot),
                    Err(_) => return Accepted::Gone,
                }
            }
            Err(NoSlot::Full) => None,
        };
        self.deposit(site, payload, acknowledge, slot)
    }

    /// Fills a slot, or, without one, does what the overflow policy says.
    fn deposit(
        &self,
        site: &Arc<QueuedSite>,
        payload: Arc<dyn Payload>,
        acknowledge: Acknowledge,
        slot: Option<Slot<'_>>,
    ) -> Accepted {
        let job = Job::new(site, payload, acknowledge, self.bus.pending().begin());
        let (dropped, accepted) = match (slot, site.site.options.overflow) {
            (Some(slot), _) => {
                return if slot.fill(job) {
                    Accepted::Yes
                } else {
                    Accepted::Gone
                };
            }
            (None, Overflow::DropOldest) => match site.mailbox.displace(job) {
                Displaced::Oldest(oldest) => (oldest, Accepted::Yes),
                Displaced::Nothing(job) => (job, Accepted::Dropped),
            },
            (None, Overflow::DropNewest) => (job, Accepted::Dropped),
            (None, Overflow::Fail | Overflow::Wait) => return Accepted::Full,
        };
        dropped.give_up();
        accepted
    }
}
