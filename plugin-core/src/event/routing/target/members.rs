//! The members of a group in one table, and the choice of the member that gets an event.
//!
//! Invariants: an event is put into at most one mailbox, and into another one only if the previous
//! one was closed and did not take it. A mailbox is closed after a table without it is visible, so
//! code that finds it closed reads the table again. Each further reading requires a mailbox that
//! was closed since the last one, so this ends.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::{CurrentTargets, Immediate, NoRoom, Reservation, Sending, Sent, Target};
use crate::event::handler::HandlerCore;
use crate::event::payload::{Carried, Envelope};
use crate::event::queue::enqueue::EnqueueOutcome;
use crate::event::queue::group::{Group, rotated};
use crate::event::queue::handler::{Queued, QueuedHandler};
use crate::event::queue::mailbox::Permit;
use crate::event::uplink::Asks;
use crate::options::{Balance, Overflow};

/// The members of a group in one table, at least one.
pub(crate) struct Members<P> {
    pub(super) group: Arc<Group>,
    pub(super) entries: Box<[Arc<Queued<P>>]>,
}

impl<P: Carried> Members<P> {
    /// The members of a group, if the handler at a place is the first of them.
    pub(super) fn of_first(
        group: &Arc<Group>,
        queued: &[Arc<Queued<P>>],
        at: usize,
    ) -> Option<Self> {
        let is_member = |entry: &&Arc<Queued<P>>| {
            (entry.handler.acceptance.group.as_ref())
                .is_some_and(|other| Arc::ptr_eq(&other.group, group))
        };
        let is_first = !queued[..at].iter().any(|entry| is_member(&entry));
        is_first.then(|| Self {
            group: Arc::clone(group),
            entries: queued[at..].iter().filter(is_member).cloned().collect(),
        })
    }

    pub(super) fn handler(&self, at: usize) -> &Arc<QueuedHandler> {
        &self.entries[at].handler
    }

    /// Whether a member accepts jobs and wants the event.
    pub(super) fn takes(&self, at: usize, envelope: &Envelope<P>) -> bool {
        let entry = &self.entries[at];
        entry.handler.mailbox.is_open() && entry.wants(envelope)
    }

    /// The members in the order in which they are asked for room.
    fn order(&self, envelope: &Envelope<P>) -> impl Iterator<Item = usize> {
        let count = self.entries.len();
        match self.group.balance {
            Balance::RoundRobin => rotated(count, self.group.turn()),
            Balance::LeastLoaded => {
                let least = rotated(count, self.group.first())
                    .filter(|&at| self.handler(at).mailbox.has_room() && self.takes(at, envelope))
                    .min_by_key(|&at| self.handler(at).mailbox.unfinished());
                let first = least.unwrap_or_else(|| self.group.first());
                self.group.chose(first);
                rotated(count, first)
            }
        }
    }

    /// Room at the first member that has some, or all members that want the event and are full.
    fn room(
        &self,
        envelope: &Envelope<P>,
        may_be: impl Fn(&QueuedHandler) -> bool,
    ) -> Result<(usize, Permit<'_>), Vec<usize>> {
        let mut full = Vec::new();
        for at in self.order(envelope) {
            if !may_be(self.handler(at)) || !self.takes(at, envelope) {
                continue;
            }
            match self.handler(at).mailbox.try_reserve() {
                Ok(permit) => return Ok((at, permit)),
                Err(_) => full.push(at),
            }
        }
        full.retain(|&at| self.handler(at).mailbox.is_open());
        Err(full)
    }

    pub(super) async fn send(self: &Arc<Self>, sending: &Sending<'_, P>) -> Option<Sent> {
        let mut members = Arc::clone(self);
        let mut sent = members.send_once(sending).await?;
        while sent.accepted == EnqueueOutcome::Gone {
            let now = members.now(sending.current);
            let Some(now) = now.filter(|now| !Arc::ptr_eq(now, &members)) else {
                break;
            };
            members = now;
            let Some(again) = members.send_once(sending).await else {
                break;
            };
            sent = again;
        }
        Some(sent)
    }

    async fn send_once(self: &Arc<Self>, sending: &Sending<'_, P>) -> Option<Sent> {
        if self.group.is_keyed {
            return self.send_keyed(sending).await;
        }
        // A handler can't wait for an outcome from its own mailbox, so it uses another member if
        // possible.
        let asks = sending.asks == Asks::Outcomes;
        let mut room = self.room(sending.envelope, |handler| !asks || !handler.is_ours());
        if asks && room.as_ref().is_err_and(Vec::is_empty) {
            room = self.room(sending.envelope, |_| true);
        }
        match room {
            Ok((at, permit)) => Some(sending.fill(self.handler(at), Some(permit))),
            Err(full) => self.send_to_full(sending, &full).await,
        }
    }

    /// All members are full: the overflow policy of the first one applies. If it lets the publisher
    /// wait, the publisher waits for the first member that has room.
    async fn send_to_full(&self, sending: &Sending<'_, P>, full: &[usize]) -> Option<Sent> {
        let Some(&first) = full.first() else {
            return self.gone(sending);
        };
        let handler = self.handler(first);
        if handler.core.options.overflow != Overflow::Wait {
            return Some(sending.fill(handler, None));
        }
        let others: Vec<&Arc<QueuedHandler>> = (full.iter())
            .map(|&at| self.handler(at))
            .filter(|handler| !handler.is_ours())
            .collect();
        if others.is_empty() {
            return Some(sending.sent(handler, EnqueueOutcome::Full, None));
        }
        Some(match first_room(&others).await {
            Some((at, permit)) => sending.fill(others[at], Some(permit)),
            None => sending.sent(handler, EnqueueOutcome::Gone, None),
        })
    }

    /// The result if no member took the event; `None` if no member wants it.
    pub(super) fn gone(&self, sending: &Sending<'_, P>) -> Option<Sent> {
        self.is_wanted(sending.envelope)
            .then(|| sending.sent(self.handler(0), EnqueueOutcome::Gone, None))
    }

    pub(super) fn is_wanted(&self, envelope: &Envelope<P>) -> bool {
        self.entries.iter().any(|entry| entry.wants(envelope))
    }

    /// The handler of the first member, which stands for the group.
    pub(super) fn first_core(&self) -> &HandlerCore {
        &self.handler(0).core
    }

    /// The members according to the present table.
    pub(super) fn now(&self, current: &dyn CurrentTargets<P>) -> Option<Arc<Self>> {
        (current.targets().iter()).find_map(|target| match target {
            Target::Group(members) if Arc::ptr_eq(&members.group, &self.group) => {
                Some(Arc::clone(members))
            }
            _ => None,
        })
    }

    /// Room at a member, if one has some now. Events with keys are not handled here.
    pub(super) fn way(&self, envelope: &Envelope<P>) -> Immediate<'_> {
        if self.group.is_keyed {
            return Immediate::Other;
        }
        match self.room(envelope, |_| true) {
            Ok((at, permit)) => Immediate::Open(Reservation {
                handler: self.handler(at),
                permit: Some(permit),
                turn: None,
                share: None,
            }),
            Err(_) => Immediate::Other,
        }
    }

    pub(super) fn reserve<'a>(
        &'a self,
        envelope: &Envelope<P>,
    ) -> Result<Option<Reservation<'a>>, NoRoom> {
        if self.group.is_keyed {
            return self.reserve_keyed(envelope);
        }
        match self.room(envelope, |_| true) {
            Ok((at, permit)) => Ok(Some(Reservation {
                handler: self.handler(at),
                permit: Some(permit),
                turn: None,
                share: None,
            })),
            Err(full) => match full.first() {
                Some(&first) => Reservation::of(self.handler(first), None),
                None if self.is_wanted(envelope) => Err(NoRoom::Full),
                None => Ok(None),
            },
        }
    }

    /// An event had room at a member that is gone now: puts it into another member that has room;
    /// if there is none, it counts as dropped.
    pub(super) fn send_elsewhere(self: &Arc<Self>, sending: &Sending<'_, P>) {
        let mut members = self.now(sending.current);
        while let Some(now) = members.take() {
            match now.reserve(sending.envelope) {
                Ok(None) => {}
                Ok(Some(Reservation {
                    handler,
                    permit,
                    turn,
                    ..
                })) => {
                    let pending = sending.pending(turn);
                    if pending.deposit(handler, permit) == EnqueueOutcome::Gone {
                        members = now.now(sending.current);
                    }
                }
                Err(_) => sending.pending(None).give_up(now.handler(0)),
            }
        }
    }
}

/// Waits for the first mailbox that has room; `None` if all are closed.
///
/// # Cancel safety
///
/// Cancel safe: a dropped future takes no room.
async fn first_room<'a>(handlers: &[&'a Arc<QueuedHandler>]) -> Option<(usize, Permit<'a>)> {
    let mut waits: Vec<_> = (handlers.iter().enumerate())
        .map(|(at, handler)| (at, Box::pin(handler.mailbox.reserve())))
        .collect();
    poll_fn(|context| {
        let mut found = None;
        waits.retain_mut(|(at, wait)| {
            if found.is_some() {
                return true;
            }
            match wait.as_mut().poll(context) {
                Poll::Ready(Ok(permit)) => {
                    found = Some((*at, permit));
                    false
                }
                Poll::Ready(Err(_)) => false,
                Poll::Pending => true,
            }
        });
        match found {
            None if !waits.is_empty() => Poll::Pending,
            found => Poll::Ready(found),
        }
    })
    .await
}
