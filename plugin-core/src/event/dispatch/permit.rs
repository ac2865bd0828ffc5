//! A publishing under way: how an event gets into a mailbox.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::context;
use crate::context::Identity;
use crate::error::PublishError;
use crate::event::bus::Bus;
use crate::event::outcome::HandlerOutcome;
use crate::event::outcome::backlog;
use crate::event::payload::{Carried, Payload};
use crate::event::queue::handler::{QueuedSite, Share};
use crate::event::queue::job::{Job, Turn};
use crate::event::queue::mailbox::{Displaced, NoSlot, Slot};
use crate::event::routing::target::Target;
use crate::options::Overflow;

/// A publishing under way. While it lasts the bus is not idle, so that a stop waits for it.
pub(in crate::event) struct Publishing<'a> {
    bus: &'a Bus,
    /// The route of the event.
    index: usize,
    under_way: backlog::Publishing<'a>,
}

/// What goes into a mailbox.
pub(in crate::event) struct Parcel {
    pub(in crate::event) payload: Arc<dyn Payload>,
    pub(in crate::event) acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    pub(in crate::event) turn: Option<Turn>,
    pub(in crate::event) share: Share,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Accepted {
    Yes,
    /// The subscription ended meanwhile.
    Gone,
    /// The overflow policy dropped it.
    Dropped,
    /// There was no room, and waiting was not allowed.
    Full,
    /// The store of a durable subscription takes nothing now.
    Refused,
}

/// What became of all the jobs of an event.
#[derive(Default)]
pub(in crate::event) struct Tally {
    jobs: usize,
    gone: usize,
}

impl Tally {
    pub(in crate::event) fn count(&mut self, accepted: Accepted) {
        self.jobs += 1;
        self.gone += usize::from(accepted == Accepted::Gone);
    }

    /// Counts what became of a job, if there was one.
    pub(in crate::event) fn count_any(&mut self, accepted: Option<Accepted>) {
        if let Some(accepted) = accepted {
            self.count(accepted);
        }
    }

    /// Every subscriber there was had gone by the time that its turn came.
    pub(in crate::event) fn nobody_was_left(&self) -> bool {
        self.jobs > 0 && self.gone == self.jobs
    }
}

impl QueuedSite {
    /// Whether this code runs in a handler of the same plugin: it must not wait for the worker
    /// that it keeps busy.
    pub(in crate::event) fn is_ours(&self) -> bool {
        worker() == Some(self.mailbox.uid())
    }

    /// Why the store of a durable subscription takes nothing now.
    #[inline]
    pub(in crate::event) fn refusal(&self) -> Option<String> {
        self.durable.as_ref()?.refusal()
    }

    /// What a publisher is told of an event that was not accepted here.
    pub(in crate::event) fn refused(&self, accepted: Accepted) -> PublishError {
        if accepted == Accepted::Full {
            return PublishError::Full {
                plugin: self.site.owner.name(),
                handler: self.site.handler,
            };
        }
        let reason = self.refusal();
        self.not_stored(reason.unwrap_or_else(|| "the event store has stopped".to_owned()))
    }

    pub(in crate::event) fn not_stored(&self, reason: String) -> PublishError {
        PublishError::Store {
            plugin: self.site.owner.name(),
            handler: self.site.handler,
            reason,
        }
    }
}

/// The mailbox whose handler this code runs in.
pub(in crate::event) fn worker() -> Option<usize> {
    context::current().and_then(|current| current.worker)
}

impl Parcel {
    fn job(self, site: &Arc<QueuedSite>) -> Job {
        Job::new(site, self.payload)
            .acknowledges(self.acknowledge)
            .takes(self.turn)
            .shares(self.share)
    }

    /// With its share of the handler's quota.
    pub(in crate::event) fn shares(self, share: Share) -> Self {
        Self { share, ..self }
    }

    /// Fills a slot, or, without one, does what the overflow policy says.
    pub(in crate::event) fn deposit(
        self,
        site: &Arc<QueuedSite>,
        slot: Option<Slot<'_>>,
    ) -> Accepted {
        let job = self.job(site);
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

    /// Counts it as dropped, since it found no room where waiting is not possible.
    pub(in crate::event) fn give_up(self, site: &Arc<QueuedSite>) {
        self.job(site).give_up();
    }
}

impl<'a> Publishing<'a> {
    /// Counts first and looks then: a stop mutes first and looks at the count then, so that one of
    /// the two sees the other.
    pub(in crate::event) fn begin(
        bus: &'a Bus,
        owner: &Identity,
        index: usize,
    ) -> Result<Self, PublishError> {
        let under_way = bus.pending().publishing();
        if bus.is_closed() || owner.is_muted() {
            return Err(PublishError::Stopping);
        }
        Ok(Self {
            bus,
            index,
            under_way,
        })
    }

    /// It is over: the bus counts a job in its place.
    pub(in crate::event) fn hand_over(self) {
        self.under_way.hand_over();
    }

    /// Who gets the event by the table of now.
    pub(in crate::event) fn targets<P: Carried>(&self) -> Arc<[Target<P>]> {
        Arc::clone(&self.bus.table().load().route::<P>(self.index).queued)
    }

    /// Puts a parcel into a mailbox, as the overflow policy says.
    pub(in crate::event) async fn enqueue(
        &self,
        site: &Arc<QueuedSite>,
        parcel: Parcel,
    ) -> Accepted {
        if site.refusal().is_some() {
            return Accepted::Refused;
        }
        let may_wait = site.site.options.overflow.waits();
        let parcel = match site.try_share() {
            Ok(share) => parcel.shares(share),
            Err(NoSlot::Closed) => return Accepted::Gone,
            Err(NoSlot::Full) if !may_wait => return parcel.deposit(site, None),
            Err(NoSlot::Full) if site.is_ours() => return Accepted::Full,
            Err(NoSlot::Full) => match site.share().await {
                Ok(share) => parcel.shares(share),
                Err(_) => return Accepted::Gone,
            },
        };
        let slot = match site.mailbox.try_reserve() {
            Ok(slot) => Some(slot),
            Err(NoSlot::Closed) => return Accepted::Gone,
            Err(NoSlot::Full) if may_wait => {
                if site.is_ours() {
                    return Accepted::Full;
                }
                match &site.durable {
                    None => match site.mailbox.reserve().await {
                        Ok(slot) => Some(slot),
                        Err(_) => return Accepted::Gone,
                    },
                    // A store that fails makes no room.
                    Some(durable) => tokio::select! {
                        biased;
                        slot = site.mailbox.reserve() => match slot {
                            Ok(slot) => Some(slot),
                            Err(_) => return Accepted::Gone,
                        },
                        () = durable.refuses() => return Accepted::Refused,
                    },
                }
            }
            Err(NoSlot::Full) => None,
        };
        parcel.deposit(site, slot)
    }
}
