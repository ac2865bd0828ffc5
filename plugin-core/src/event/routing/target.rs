//! The receivers of an event other than the inline handlers: every handler without a group, and one
//! member of each group.

mod keyed;
mod members;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::context::DropReason;
use crate::error::{Result, TryPublishError};
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::acceptance::Share;
use crate::event::queue::capacity::NoPermit;
use crate::event::queue::enqueue::{EnqueueOutcome, PendingJob};
use crate::event::queue::handler::{Queued, QueuedHandler};
use crate::event::queue::job::Job;
use crate::event::queue::mailbox::Permit;
use crate::event::queue::turn::Turn;
use crate::event::uplink::{Asks, Uplink, UplinkOutcome};
use crate::options::Overflow;

use members::Members;

/// A receiver of an event.
pub(crate) enum Target<P> {
    One(Arc<Queued<P>>),
    Group(Arc<Members<P>>),
    /// The host of this process.
    Host(Arc<Queued<P>>, Arc<dyn Uplink>),
}

/// The targets according to the present table, for an event that found a mailbox closed.
pub(in crate::event) trait CurrentTargets<P>: Sync {
    fn targets(&self) -> Arc<[Target<P>]>;
}

/// An event for the targets, and whether its publisher waits for outcomes.
pub(in crate::event) struct Sending<'a, P> {
    pub(in crate::event) current: &'a dyn CurrentTargets<P>,
    pub(in crate::event) envelope: &'a Arc<Envelope<P>>,
    pub(in crate::event) asks: Asks,
}

/// The result of an event at a target.
pub(in crate::event) struct Sent {
    pub(in crate::event) accepted: EnqueueOutcome,
    /// The handler, if the publisher asked for it or has to be told about it.
    pub(in crate::event) handler: Option<Arc<QueuedHandler>>,
    /// Receives the outcome, if the publisher asked for it and can wait for it.
    pub(in crate::event) answer: Option<oneshot::Receiver<HandlerOutcome>>,
    /// The result at the host of this process.
    pub(in crate::event) at_host: Option<Box<UplinkOutcome>>,
}

/// Where an event can go at once.
pub(in crate::event) enum Immediate<'a> {
    /// No handler here wants it.
    Nobody,
    Open(Reservation<'a>),
    /// It has to wait, or no handler can take it: there is more to do.
    Other,
}

/// The resources that are reserved at a handler for an event that is not accepted yet.
pub(in crate::event) struct Reservation<'a> {
    pub(in crate::event) handler: &'a Arc<QueuedHandler>,
    /// Room in its mailbox; `None` if the overflow policy has to make room, or if room is looked
    /// for when the event arrives.
    permit: Option<Permit<'a>>,
    turn: Option<Turn>,
    share: Share,
}

/// The reason why there is no room for an event.
pub(in crate::event) enum NoRoom {
    /// The mailbox is full, and the subscription would make a publisher wait or fail.
    Full,
    /// The store of a durable subscription accepts nothing now.
    Store,
}

impl NoRoom {
    /// The error for the publisher, with the event.
    pub(in crate::event) fn with<P>(self, event: P) -> TryPublishError<P> {
        match self {
            Self::Full => TryPublishError::Full(event),
            Self::Store => TryPublishError::Store(event),
        }
    }
}

/// The targets of handlers in the order in which they are called; a group is at the place of its
/// first member.
pub(in crate::event) fn targets<P: Carried>(queued: &[Arc<Queued<P>>]) -> Arc<[Target<P>]> {
    let mut targets = Vec::with_capacity(queued.len());
    for (at, entry) in queued.iter().enumerate() {
        let acceptance = &entry.handler.acceptance;
        if let Some(uplink) = &acceptance.uplink {
            targets.push(Target::Host(Arc::clone(entry), Arc::clone(uplink)));
            continue;
        }
        match &acceptance.group {
            None => targets.push(Target::One(Arc::clone(entry))),
            Some(membership) => targets.extend(
                Members::of_first(&membership.group, queued, at)
                    .map(|members| Target::Group(Arc::new(members))),
            ),
        }
    }
    targets.into()
}

impl<P: Carried> Target<P> {
    /// Puts an event into one mailbox; `None` if no handler here wants it.
    pub(in crate::event) async fn send(&self, sending: &Sending<'_, P>) -> Option<Sent> {
        match self {
            Self::One(entry) => {
                let turn = entry.accept(sending.envelope)?;
                Some(sending.enqueue(&entry.handler, turn).await)
            }
            Self::Group(members) => members.send(sending).await,
            Self::Host(_, uplink) => Some(Sent {
                accepted: EnqueueOutcome::Yes,
                handler: None,
                answer: None,
                at_host: Some(Box::new(
                    uplink.publish(&**sending.envelope, sending.asks).await,
                )),
            }),
        }
    }

    /// Where an event can go at once.
    pub(in crate::event) fn way(&self, envelope: &Envelope<P>) -> Immediate<'_> {
        match self {
            Self::One(entry) => match entry.accept(envelope) {
                Some(turn) => Immediate::to(&entry.handler, turn),
                None => Immediate::Nobody,
            },
            Self::Group(members) => members.way(envelope),
            Self::Host(..) => Immediate::Other,
        }
    }

    /// The handler, if every event goes to its mailbox without further checks.
    pub(in crate::event) fn plain(&self) -> Option<&Arc<QueuedHandler>> {
        match self {
            Self::One(entry) if entry.is_plain => Some(&entry.handler),
            _ => None,
        }
    }

    pub(in crate::event) fn is_group(&self) -> bool {
        matches!(self, Self::Group(_))
    }

    /// Reserves room for an event, if that does not require waiting.
    pub(in crate::event) fn reserve<'a>(
        &'a self,
        envelope: &Envelope<P>,
    ) -> Result<Option<Reservation<'a>>, NoRoom> {
        match self {
            Self::One(entry) => match entry.accept(envelope) {
                Some(turn) => Reservation::of(&entry.handler, turn),
                None => Ok(None),
            },
            Self::Group(members) => members.reserve(envelope),
            Self::Host(entry, uplink) if uplink.has_room() => Ok(Some(Reservation {
                handler: &entry.handler,
                permit: None,
                turn: None,
                share: None,
            })),
            Self::Host(..) => Err(NoRoom::Full),
        }
    }

    /// Counts an event that a target does not accept. Its publisher gets an error.
    #[cold]
    pub(in crate::event) fn no_place(&self, why: &NoRoom) {
        let core = match self {
            Self::One(entry) | Self::Host(entry, _) => &entry.handler.core,
            Self::Group(members) => members.first_core(),
        };
        core.drop_event(match why {
            NoRoom::Full => DropReason::Full,
            NoRoom::Store => DropReason::Store,
        });
    }

    /// Puts an event into the reserved room.
    pub(in crate::event) fn deposit(&self, sending: &Sending<'_, P>, reserved: Reservation<'_>) {
        if let Self::Host(_, uplink) = self {
            return uplink.send(&**sending.envelope);
        }
        let Reservation {
            handler,
            permit,
            turn,
            share,
        } = reserved;
        let accepted = sending.pending(turn).shares(share).deposit(handler, permit);
        if let (EnqueueOutcome::Gone, Self::Group(members)) = (accepted, self) {
            members.send_elsewhere(sending);
        }
    }
}

impl<P: Carried> Queued<P> {
    /// The turn of the event, if the handler wants the event.
    fn accept(&self, envelope: &Envelope<P>) -> Option<Option<Turn>> {
        self.wants(envelope)
            .then(|| self.handler.turn(envelope).ok())?
    }
}

impl<P: Carried> Sending<'_, P> {
    async fn enqueue(&self, handler: &Arc<QueuedHandler>, turn: Option<Turn>) -> Sent {
        let (pending, answer) = self.prepare(handler, turn);
        let accepted = pending.enqueue(handler).await;
        self.sent(handler, accepted, answer)
    }

    /// Puts an event into the reserved room at one handler.
    pub(in crate::event) fn deposit(&self, reserved: Reservation<'_>) -> Sent {
        let Reservation {
            handler,
            permit,
            turn,
            share,
        } = reserved;
        let (pending, answer) = self.prepare(handler, turn);
        let accepted = pending.shares(share).deposit(handler, permit);
        self.sent(handler, accepted, answer)
    }

    fn fill(&self, handler: &Arc<QueuedHandler>, permit: Option<Permit<'_>>) -> Sent {
        let (pending, answer) = self.prepare(handler, None);
        let accepted = pending.deposit(handler, permit);
        self.sent(handler, accepted, answer)
    }

    fn sent(
        &self,
        handler: &Arc<QueuedHandler>,
        accepted: EnqueueOutcome,
        answer: Option<oneshot::Receiver<HandlerOutcome>>,
    ) -> Sent {
        match accepted {
            EnqueueOutcome::Full => handler.core.drop_event(DropReason::Full),
            EnqueueOutcome::Refused => handler.core.drop_event(DropReason::Store),
            EnqueueOutcome::Yes | EnqueueOutcome::Gone | EnqueueOutcome::Dropped => {}
        }
        let is_told = self.asks != Asks::Nothing
            || matches!(accepted, EnqueueOutcome::Full | EnqueueOutcome::Refused);
        Sent {
            accepted,
            handler: is_told.then(|| Arc::clone(handler)),
            answer,
            at_host: None,
        }
    }

    /// Prepares a job, and the receiver of its outcome. A handler of the same mailbox gets no
    /// outcome, because it would wait for itself.
    fn prepare(
        &self,
        handler: &QueuedHandler,
        turn: Option<Turn>,
    ) -> (PendingJob, Option<oneshot::Receiver<HandlerOutcome>>) {
        let mut pending = self.pending(turn);
        let is_asked = match self.asks {
            Asks::Nothing => false,
            Asks::Stored => handler.acceptance.is_durable(),
            Asks::Outcomes => !handler.is_ours(),
        };
        if !is_asked {
            return (pending, None);
        }
        let (acknowledge, answer) = oneshot::channel();
        pending.acknowledge = Some(acknowledge);
        (pending, Some(answer))
    }

    fn pending(&self, turn: Option<Turn>) -> PendingJob {
        PendingJob {
            payload: Arc::clone(self.envelope) as _,
            acknowledge: None,
            turn,
            share: None,
        }
    }
}

impl<'a> Immediate<'a> {
    #[inline]
    fn to(handler: &'a Arc<QueuedHandler>, turn: Option<Turn>) -> Self {
        if handler.acceptance.refusal().is_some() {
            return Self::Other;
        }
        let Ok(share) = handler.acceptance.try_share() else {
            return Self::Other;
        };
        Self::Open(Reservation {
            handler,
            permit: None,
            turn,
            share,
        })
    }
}

impl Reservation<'_> {
    #[inline]
    /// Puts the job in. Returns it if it has to wait for room, or if the overflow policy has to
    /// decide.
    pub(in crate::event) fn fill(self, job: Job) -> Result<EnqueueOutcome, Job> {
        let job = job.takes(self.turn).shares(self.share);
        let Some(permit) = self.permit else {
            return match self.handler.mailbox.push(job) {
                Ok(()) => Ok(EnqueueOutcome::Yes),
                Err((NoPermit::Closed, _)) => Ok(EnqueueOutcome::Gone),
                Err((NoPermit::Full, job)) => Err(job),
            };
        };
        Ok(match permit.fill(job) {
            true => EnqueueOutcome::Yes,
            false => EnqueueOutcome::Gone,
        })
    }
}

impl<'a> Reservation<'a> {
    /// Reserves room at a handler; `None` if the handler is gone.
    fn of(handler: &'a Arc<QueuedHandler>, turn: Option<Turn>) -> Result<Option<Self>, NoRoom> {
        if handler.acceptance.refusal().is_some() {
            return Err(NoRoom::Store);
        }
        let room = handler
            .acceptance
            .try_share()
            .and_then(|share| Ok((share, handler.mailbox.try_reserve()?)));
        let (share, permit) = match room {
            Ok((share, permit)) => (share, Some(permit)),
            Err(NoPermit::Closed) => return Ok(None),
            Err(NoPermit::Full) => match handler.core.options.overflow {
                Overflow::DropOldest | Overflow::DropNewest => (None, None),
                Overflow::Wait | Overflow::Fail => return Err(NoRoom::Full),
            },
        };
        Ok(Some(Self {
            handler,
            permit,
            turn,
            share,
        }))
    }
}
