//! Chooses the member for an event that has a key. [`KeyAffinity`] explains why the order is kept.

use std::sync::Arc;

use super::members::Members;
use super::{NoRoom, Reservation, Sending, Sent};
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::enqueue::{EnqueueOutcome, worker};
use crate::event::queue::group::{AffinityGuard, KeyAffinity, MemberId, Placement};
use crate::event::queue::handler::QueuedHandler;
use crate::event::queue::turn::Turn;

/// The destination of an event with a key.
enum Keyed {
    /// To this member.
    To(Arc<QueuedHandler>, Turn),
    /// No member: none wants it, or all are gone.
    Nobody,
    /// It would have to wait for the handler that publishes it.
    Own,
}

impl<P: Carried> Members<P> {
    pub(super) async fn send_keyed(self: &Arc<Self>, sending: &Sending<'_, P>) -> Option<Sent> {
        let key = self.key(sending.envelope)?;
        match self.place(key, sending).await {
            Keyed::To(handler, turn) => Some(sending.enqueue(&handler, Some(turn)).await),
            Keyed::Own => Some(sending.sent(self.own(), EnqueueOutcome::Full, None)),
            Keyed::Nobody => self.gone(sending),
        }
    }

    /// The member whose handler publishes the event.
    fn own(&self) -> &Arc<QueuedHandler> {
        let mut handlers = self.entries.iter().map(|entry| &entry.handler);
        handlers
            .find(|handler| handler.is_ours())
            .unwrap_or(self.handler(0))
    }

    /// The key of an event according to the first member, because all members have to agree.
    fn key(&self, envelope: &Envelope<P>) -> Option<u64> {
        self.handler(0).key(envelope).ok().flatten()
    }

    /// The members that take an event, and their places.
    fn ids(&self, envelope: &Envelope<P>) -> (Vec<usize>, Vec<MemberId>) {
        (0..self.entries.len())
            .filter(|&at| self.takes(at, envelope))
            .filter_map(|at| Some((at, self.handler(at).id()?)))
            .unzip()
    }

    /// Finds the member of a key, and waits until the key's events may go there.
    async fn place(self: &Arc<Self>, key: u64, sending: &Sending<'_, P>) -> Keyed {
        let affinity = &self.group.affinity;
        let (able, ids) = self.ids(sending.envelope);
        if able.is_empty() {
            return Keyed::Nobody;
        }
        match affinity.enter(key, &ids, worker()) {
            Placement::In(at, pin) => Keyed::To(Arc::clone(self.handler(able[at])), turn(key, pin)),
            Placement::Own => Keyed::Own,
            Placement::Busy => self.place_in_line(key, sending, affinity).await,
        }
    }

    async fn place_in_line(
        &self,
        key: u64,
        sending: &Sending<'_, P>,
        affinity: &Arc<KeyAffinity>,
    ) -> Keyed {
        let waiting = affinity.line(key);
        let first = waiting.first().await;
        loop {
            let Some(members) = self.now(sending.current) else {
                return Keyed::Nobody;
            };
            let (able, ids) = members.ids(sending.envelope);
            if able.is_empty() {
                return Keyed::Nobody;
            }
            match first.enter(&ids, worker()) {
                Placement::In(at, pin) => {
                    return Keyed::To(Arc::clone(members.handler(able[at])), turn(key, pin));
                }
                Placement::Own => return Keyed::Own,
                Placement::Busy => first.drained().await,
            }
        }
    }

    pub(super) fn reserve_keyed<'a>(
        &'a self,
        envelope: &Envelope<P>,
    ) -> Result<Option<Reservation<'a>>, NoRoom> {
        let (able, ids) = self.ids(envelope);
        if able.is_empty() && self.is_wanted(envelope) {
            return Err(NoRoom::Full);
        }
        let Some(key) = self.key(envelope).filter(|_| !able.is_empty()) else {
            return Ok(None);
        };
        match self.group.affinity.enter(key, &ids, worker()) {
            Placement::In(at, pin) => Reservation::of(self.handler(able[at]), Some(turn(key, pin))),
            Placement::Busy | Placement::Own => Err(NoRoom::Full),
        }
    }
}

impl QueuedHandler {
    fn id(&self) -> Option<MemberId> {
        Some(MemberId {
            subscription: self.core.subscription.number,
            mailbox: self.mailbox.uid(),
            seed: self.acceptance.group.as_ref()?.seed,
        })
    }
}

fn turn(key: u64, pin: AffinityGuard) -> Turn {
    Turn {
        key,
        _affinity: Some(pin),
    }
}
