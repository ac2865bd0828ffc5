//! Who gets an event besides the inline handlers: every handler that is in no group, and one
//! member of each group.

mod keyed;
mod members;

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::error::{Result, TryPublishError};
use crate::event::outcome::HandlerOutcome;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::acceptance::Share;
use crate::event::queue::enqueue::{Accepted, Parcel};
use crate::event::queue::handler::{Queued, QueuedSite};
use crate::event::queue::job::Job;
use crate::event::queue::mailbox::Slot;
use crate::event::queue::room::NoSlot;
use crate::event::queue::turn::Turn;
use crate::options::Overflow;

use members::Members;

/// One place that an event goes to.
pub(crate) enum Target<P> {
    One(Arc<Queued<P>>),
    Group(Arc<Members<P>>),
}

/// Who gets an event by the table of now: for one that found a mailbox closed.
pub(in crate::event) trait Current<P>: Sync {
    fn targets(&self) -> Arc<[Target<P>]>;
}

/// An event on its way to the targets, and whether its publisher waits for outcomes.
pub(in crate::event) struct Sending<'a, P> {
    pub(in crate::event) current: &'a dyn Current<P>,
    pub(in crate::event) envelope: &'a Arc<Envelope<P>>,
    pub(in crate::event) asks: Asks,
}

/// What a publisher waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::event) enum Asks {
    Nothing,
    /// Until its event is stored for those whose subscription is durable.
    Stored,
    /// What each handler makes of the event.
    Outcomes,
}

/// What became of an event at a target.
pub(in crate::event) struct Sent {
    pub(in crate::event) accepted: Accepted,
    /// Whose it is, if the publisher asked or is to be told of it.
    pub(in crate::event) site: Option<Arc<QueuedSite>>,
    /// Where the outcome comes, if the publisher asked and can wait for it.
    pub(in crate::event) answer: Option<oneshot::Receiver<HandlerOutcome>>,
}

/// A place for an event that is not accepted yet.
pub(in crate::event) struct Reserved<'a> {
    site: &'a Arc<QueuedSite>,
    slot: Option<Slot<'a>>,
    turn: Option<Turn>,
    share: Share,
}

/// Where an event can go at once.
pub(in crate::event) enum Way<'a> {
    /// Nobody here wants it.
    Nobody,
    Open(Place<'a>),
    /// It has to wait, or nobody takes it: there is more to do.
    Other,
}

/// A handler that takes an event, if there is room.
pub(in crate::event) struct Place<'a> {
    pub(in crate::event) site: &'a Arc<QueuedSite>,
    /// Of a group: room that its member was chosen for.
    slot: Option<Slot<'a>>,
    turn: Option<Turn>,
    share: Share,
}

/// Why there is no place for an event.
pub(in crate::event) enum NoRoom {
    /// The mailbox is full, and the subscription would let a publisher wait or fail.
    Full,
    /// The store of a durable subscription takes nothing now.
    Store,
}

impl NoRoom {
    /// What the publisher is told, who has the event back.
    pub(in crate::event) fn with<P>(self, event: P) -> TryPublishError<P> {
        match self {
            Self::Full => TryPublishError::Full(event),
            Self::Store => TryPublishError::Store(event),
        }
    }
}

/// The targets of handlers in the order in which they are called; a group stands where the first
/// of its members does.
pub(in crate::event) fn targets<P: Carried>(queued: &[Arc<Queued<P>>]) -> Arc<[Target<P>]> {
    let mut targets = Vec::with_capacity(queued.len());
    for (at, handler) in queued.iter().enumerate() {
        match &handler.site.acceptance.group {
            None => targets.push(Target::One(Arc::clone(handler))),
            Some(membership) => targets.extend(
                Members::of_first(&membership.group, queued, at)
                    .map(|members| Target::Group(Arc::new(members))),
            ),
        }
    }
    targets.into()
}

impl<P: Carried> Target<P> {
    /// Puts an event into one mailbox; `None` when nobody here wants it.
    pub(in crate::event) async fn send(&self, sending: &Sending<'_, P>) -> Option<Sent> {
        match self {
            Self::One(handler) => {
                let turn = handler.accept(sending.envelope)?;
                Some(sending.enqueue(&handler.site, turn).await)
            }
            Self::Group(members) => members.send(sending).await,
        }
    }

    /// Where an event can go at once.
    pub(in crate::event) fn way(&self, envelope: &Envelope<P>) -> Way<'_> {
        match self {
            Self::One(handler) => match handler.accept(envelope) {
                Some(turn) => Way::to(&handler.site, turn),
                None => Way::Nobody,
            },
            Self::Group(members) => members.way(envelope),
        }
    }

    /// The handler, if every event goes to its mailbox as it is.
    pub(in crate::event) fn plain(&self) -> Option<&Arc<QueuedSite>> {
        match self {
            Self::One(handler) if handler.is_plain => Some(&handler.site),
            _ => None,
        }
    }

    pub(in crate::event) fn is_group(&self) -> bool {
        matches!(self, Self::Group(_))
    }

    /// Takes room for an event, if that needs no waiting.
    pub(in crate::event) fn reserve<'a>(
        &'a self,
        envelope: &Envelope<P>,
    ) -> Result<Option<Reserved<'a>>, NoRoom> {
        match self {
            Self::One(handler) => match handler.accept(envelope) {
                Some(turn) => Reserved::of(&handler.site, turn),
                None => Ok(None),
            },
            Self::Group(members) => members.reserve(envelope),
        }
    }

    /// Puts an event where there is room for it.
    pub(in crate::event) fn deposit(&self, sending: &Sending<'_, P>, reserved: Reserved<'_>) {
        let Reserved {
            site,
            slot,
            turn,
            share,
        } = reserved;
        let accepted = sending.parcel(turn).shares(share).deposit(site, slot);
        if let (Accepted::Gone, Self::Group(members)) = (accepted, self) {
            members.send_elsewhere(sending);
        }
    }
}

impl<P: Carried> Queued<P> {
    /// Its turn, if it wants the event.
    fn accept(&self, envelope: &Envelope<P>) -> Option<Option<Turn>> {
        self.wants(envelope)
            .then(|| self.site.turn(envelope).ok())?
    }
}

impl<P: Carried> Sending<'_, P> {
    async fn enqueue(&self, site: &Arc<QueuedSite>, turn: Option<Turn>) -> Sent {
        let (parcel, answer) = self.letter(site, turn);
        let accepted = parcel.enqueue(site).await;
        self.sent(site, accepted, answer)
    }

    /// Puts an event where there is room for it, at one handler.
    pub(in crate::event) fn deposit(&self, reserved: Reserved<'_>) -> Sent {
        let Reserved {
            site,
            slot,
            turn,
            share,
        } = reserved;
        let (parcel, answer) = self.letter(site, turn);
        let accepted = parcel.shares(share).deposit(site, slot);
        self.sent(site, accepted, answer)
    }

    fn fill(&self, site: &Arc<QueuedSite>, slot: Option<Slot<'_>>) -> Sent {
        let (parcel, answer) = self.letter(site, None);
        let accepted = parcel.deposit(site, slot);
        self.sent(site, accepted, answer)
    }

    fn sent(
        &self,
        site: &Arc<QueuedSite>,
        accepted: Accepted,
        answer: Option<oneshot::Receiver<HandlerOutcome>>,
    ) -> Sent {
        let is_told =
            self.asks != Asks::Nothing || matches!(accepted, Accepted::Full | Accepted::Refused);
        Sent {
            accepted,
            site: is_told.then(|| Arc::clone(site)),
            answer,
        }
    }

    /// A parcel, and where its answer comes. A handler of the same mailbox gets no answer: it
    /// would wait for itself.
    fn letter(
        &self,
        site: &QueuedSite,
        turn: Option<Turn>,
    ) -> (Parcel, Option<oneshot::Receiver<HandlerOutcome>>) {
        let mut parcel = self.parcel(turn);
        let is_asked = match self.asks {
            Asks::Nothing => false,
            Asks::Stored => site.acceptance.is_durable(),
            Asks::Outcomes => !site.is_ours(),
        };
        if !is_asked {
            return (parcel, None);
        }
        let (acknowledge, answer) = oneshot::channel();
        parcel.acknowledge = Some(acknowledge);
        (parcel, Some(answer))
    }

    fn parcel(&self, turn: Option<Turn>) -> Parcel {
        Parcel {
            payload: Arc::clone(self.envelope) as _,
            acknowledge: None,
            turn,
            share: None,
        }
    }
}

impl<'a> Way<'a> {
    #[inline]
    fn to(site: &'a Arc<QueuedSite>, turn: Option<Turn>) -> Self {
        if site.acceptance.refusal().is_some() {
            return Self::Other;
        }
        let Ok(share) = site.acceptance.try_share() else {
            return Self::Other;
        };
        Self::Open(Place {
            site,
            slot: None,
            turn,
            share,
        })
    }
}

impl Place<'_> {
    #[inline]
    /// Puts the job in; it comes back if it has to wait for room, or if the policy has to say what
    /// becomes of it.
    pub(in crate::event) fn fill(self, job: Job) -> Result<Accepted, Job> {
        let job = job.takes(self.turn).shares(self.share);
        let Some(slot) = self.slot else {
            return match self.site.mailbox.push(job) {
                Ok(()) => Ok(Accepted::Yes),
                Err((NoSlot::Closed, _)) => Ok(Accepted::Gone),
                Err((NoSlot::Full, job)) => Err(job),
            };
        };
        Ok(match slot.fill(job) {
            true => Accepted::Yes,
            false => Accepted::Gone,
        })
    }
}

impl<'a> Reserved<'a> {
    /// Takes room at a handler; nothing is to be done when it has gone.
    fn of(site: &'a Arc<QueuedSite>, turn: Option<Turn>) -> Result<Option<Self>, NoRoom> {
        if site.acceptance.refusal().is_some() {
            return Err(NoRoom::Store);
        }
        let room = site
            .acceptance
            .try_share()
            .and_then(|share| Ok((share, site.mailbox.try_reserve()?)));
        let (share, slot) = match room {
            Ok((share, slot)) => (share, Some(slot)),
            Err(NoSlot::Closed) => return Ok(None),
            Err(NoSlot::Full) => match site.site.options.overflow {
                Overflow::DropOldest | Overflow::DropNewest => (None, None),
                Overflow::Wait | Overflow::Fail => return Err(NoRoom::Full),
            },
        };
        Ok(Some(Self {
            site,
            slot,
            turn,
            share,
        }))
    }
}
