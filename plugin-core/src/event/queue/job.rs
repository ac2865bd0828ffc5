//! One event for one handler, on its way through a mailbox.
//!
//! Invariant: a job that entered a mailbox is handled, given up by the overflow policy, void with
//! its subscription, or in the dead letters. One that is dropped anywhere, because its worker is
//! ended, goes to the dead letters by its `Drop`; unless a store has it, from where it comes again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::acceptance::Share;
use super::acknowledgement::Acknowledgement;
use super::handler::QueuedHandler;
use super::job_extras::JobExtras;
use super::order_key::{OrderKey, address};
use super::probe::ProbeState;
use super::turn::Turn;
use crate::context::DropReason;
use crate::error::{Error, Result};
use crate::event::outcome::HandlerOutcome;
use crate::event::outcome::dead_letters::{DeadLetter, Failures, Replay};
use crate::event::payload::{Carried, Envelope, Payload};

pub(crate) struct Job {
    pub(in crate::event) handler: Arc<QueuedHandler>,
    pub(in crate::event) payload: Arc<dyn Payload>,
    /// What most have nothing of.
    extras: Option<Box<JobExtras>>,
    /// Whether it has its place in the mailbox: until a handler takes it for good.
    has_room: bool,
    /// Whether the mailbox counts it.
    entered: bool,
    /// Whether the bus counts it: until it is handled or dropped, wherever that happens.
    pending: bool,
}

impl Job {
    /// A job that its bus counts from here on.
    pub(in crate::event) fn new(handler: &Arc<QueuedHandler>, payload: Arc<dyn Payload>) -> Self {
        handler.mailbox.backlog().add_one();
        Self::counted(handler, payload)
    }

    /// A job that its bus counts already.
    pub(in crate::event) fn counted(
        handler: &Arc<QueuedHandler>,
        payload: Arc<dyn Payload>,
    ) -> Self {
        Self {
            handler: Arc::clone(handler),
            payload,
            extras: None,
            has_room: false,
            entered: false,
            pending: true,
        }
    }

    /// The event of a job that does not count any more. It is one of the type that it was made of.
    #[cold]
    pub(in crate::event) fn take_back<P: Carried>(mut self) -> Arc<Envelope<P>> {
        self.pending = false;
        let payload = Arc::clone(&self.payload).into_any();
        payload
            .downcast()
            .expect("a job has the event of its publisher")
    }

    /// Its publisher waits for what becomes of it.
    pub(in crate::event) fn acknowledges(
        mut self,
        to: Option<oneshot::Sender<HandlerOutcome>>,
    ) -> Self {
        if to.is_some() {
            self.extras().acknowledge = to;
        }
        self
    }

    /// Gives it a place among those of a key.
    #[inline]
    pub(in crate::event) fn takes(mut self, turn: Option<Turn>) -> Self {
        if turn.is_some() {
            self.extras().turn = turn;
        }
        self
    }

    /// It has its share of the handler's quota as long as its place in the mailbox.
    #[inline]
    pub(in crate::event) fn shares(mut self, share: Share) -> Self {
        if share.is_some() {
            self.extras().share = share;
        }
        self
    }

    /// Makes it the replay of a dead letter.
    pub(in crate::event) fn replays(mut self, replay: Replay) -> Self {
        self.extras().replay = Some(replay);
        self
    }

    /// Makes it the delivery of an event that a store keeps.
    pub(in crate::event) fn delivers(mut self, ack: impl Acknowledgement + 'static) -> Self {
        self.extras().ack = Some(Box::new(ack));
        self
    }

    fn extras(&mut self) -> &mut JobExtras {
        self.extras.get_or_insert_default()
    }

    /// The key of its event, if that has one.
    pub(in crate::event) fn key(&self) -> Option<u64> {
        let turn = self.extras.as_ref()?.turn.as_ref()?;
        Some(turn.key)
    }

    /// What waits behind it while it waits for a retry.
    pub(in crate::event) fn order_key(&self) -> Option<OrderKey> {
        // A batch has events of several keys, and is tried again as one.
        let key = self.key().filter(|_| !self.handler.call.is_batch);
        (self.handler.core.options.concurrency <= 1)
            .then(|| OrderKey::new(address(&self.handler), key))
    }

    #[cold]
    #[inline(never)]
    fn begins(&mut self) {
        let Some(extras) = &mut self.extras else {
            return;
        };
        let entered = extras.entered.take();
        if !self.handler.core.keeps_room {
            extras.share = None;
        }
        if extras.is_empty() {
            self.extras = None;
        }
        if let Some(entered) = entered {
            (self.handler.core.owner.waits()).note(1, entered.elapsed());
        }
    }

    fn failures(&self) -> Option<&Failures> {
        self.extras.as_ref()?.failures.as_ref()
    }

    /// Whether its publisher waits for what becomes of it.
    pub(in crate::event) fn is_awaited(&self) -> bool {
        (self.extras.as_ref()).is_some_and(|extras| extras.acknowledge.is_some())
    }

    /// Its handler is about to be called: `None` when the store that keeps the event gives it up.
    pub(in crate::event) fn take(self) -> Option<Self> {
        let ack = (self.extras.as_ref()).and_then(|extras| extras.ack.as_ref());
        if ack.is_none_or(|ack| ack.take()) {
            return Some(self);
        }
        self.discard();
        None
    }

    /// Takes the place in the mailbox that was reserved for it.
    pub(in crate::event) fn enter(&mut self) {
        self.has_room = true;
        self.entered = true;
    }

    /// It is one of those of which it is noted how long they wait.
    #[cold]
    pub(in crate::event) fn wait(&mut self) {
        self.extras().entered = Some(Instant::now());
    }

    /// Gives its place in the mailbox to a job that enters in its stead.
    pub(in crate::event) fn yield_place(&mut self, to: &mut Self) {
        to.has_room = std::mem::take(&mut self.has_room);
        to.entered = std::mem::take(&mut self.entered);
        let share = self.extras.as_mut().and_then(|extras| extras.share.take());
        if share.is_some() && to.extras().share.is_none() {
            to.extras().share = share;
        }
    }

    /// Its handler is called now: whether its place in the mailbox is free from here on. One that
    /// may have to wait for a retry keeps it, so that what waits is never more than the mailbox
    /// holds.
    pub(in crate::event) fn begin(&mut self) -> bool {
        if self.extras.is_some() {
            self.begins();
        }
        if self.handler.core.keeps_room {
            return false;
        }
        std::mem::take(&mut self.has_room)
    }

    /// Whether nothing is left to do but to count it, once it ended well.
    pub(in crate::event) fn is_plain(&self) -> bool {
        self.extras.is_none() && !self.has_room
    }

    /// Somebody else counts it as handled.
    #[inline]
    pub(in crate::event) fn counts_elsewhere(&mut self) {
        self.entered = false;
        self.pending = false;
    }

    /// Calls that failed so far.
    pub(in crate::event) fn attempts(&self) -> u32 {
        self.failures().map_or(0, |failures| failures.attempts)
    }

    /// What it has to do with the breaker of its handler.
    pub(in crate::event) fn gate(&self) -> ProbeState {
        self.extras
            .as_ref()
            .map_or(ProbeState::Never, |extras| extras.gate)
    }

    /// Notes what it has to do with that.
    pub(in crate::event) fn stands(&mut self, gate: ProbeState) {
        if gate != self.gate() {
            self.extras().gate = gate;
        }
    }

    /// How often it showed that the target of its handler is down.
    pub(in crate::event) fn probes(&self) -> u32 {
        self.failures().map_or(0, Failures::probes)
    }

    /// Notes that it showed the target to be down, which is no try of the event.
    pub(in crate::event) fn probed(&mut self, error: &Error) {
        let failures = &mut self.extras().failures;
        (failures.get_or_insert_with(|| Failures::before(error))).probed(error);
    }

    /// Whether it is tried again after the failure that was noted last.
    pub(in crate::event) fn may_retry(&self, error: &Error) -> bool {
        let retry = self.handler.core.options.retry;
        error.kind().is_retriable() && retry.is_some_and(|retry| self.attempts() <= retry.retries)
    }

    /// What the last call that failed said.
    pub(in crate::event) fn last_error(&self) -> &dyn std::fmt::Display {
        self.failures().map_or(&"", |failures| &failures.error)
    }

    /// The pause before the next call that the last error asked for.
    pub(in crate::event) fn asked_pause(&self) -> Option<Duration> {
        self.failures()?.error.retry_after()
    }

    /// Notes a call that failed.
    pub(in crate::event) fn failed(&mut self, error: &Error) {
        match &mut self.extras().failures {
            Some(failures) => failures.again(error),
            none => *none = Some(Failures::first(error)),
        }
    }

    /// Ends it well, after [`Job::leave`], and tells the publisher if it waits for that.
    pub(in crate::event) async fn succeed(mut self) {
        if let Some(extras) = &mut self.extras
            && let Some(replay) = &extras.replay
        {
            replay.done().await;
            // Before the publisher is told, so that it finds the letter free for whatever it does
            // next.
            extras.replay = None;
        }
        self.end(Ok(()));
    }

    /// Ends it with what its publisher is told; it has become no dead letter.
    pub(in crate::event) fn end(mut self, result: Result<()>) {
        self.leave();
        self.acknowledge(result);
        if let Some(ack) = self.ack() {
            ack.handled();
        }
    }

    /// Puts it into the dead letters, and tells the publisher if it waits for that. Dropped on the
    /// way there, it goes to the dead letters all the same, under the same id.
    pub(in crate::event) async fn bury(mut self, error: &Error) {
        let letter = self.letter();
        match self.ack() {
            Some(ack) => ack.dead(letter),
            None => self.handler.core.letters.file(letter).await,
        }
        self.handler.core.count_dead_letter();
        self.leave();
        self.extras().replay = None;
        self.acknowledge(Err(error.same()));
    }

    /// Ends it without a call: the overflow policy chose it.
    pub(in crate::event) fn give_up(mut self) {
        let core = &self.handler.core;
        core.drop_event(DropReason::Overflow);
        tracing::debug!(
            plugin = core.owner.name(),
            handler = core.name,
            event = %self.payload.meta().id,
            "an event was dropped by the overflow policy"
        );
        self.acknowledge(Err(Error::retriable(
            "the overflow policy dropped the event",
        )));
    }

    /// Ends it without a call: its subscription has ended, or its store gives it up.
    pub(in crate::event) fn discard(mut self) {
        if !self.is_stored() {
            self.handler.core.drop_event(DropReason::Ended);
        }
        self.leave();
    }

    fn acknowledge(&mut self, result: Result<()>) {
        let acknowledge = (self.extras.as_mut()).and_then(|extras| extras.acknowledge.take());
        if let Some(acknowledge) = acknowledge {
            // The publisher may have stopped waiting.
            drop(acknowledge.send(self.handler.core.outcome(result)));
        }
    }

    fn ack(&mut self) -> Option<Box<dyn Acknowledgement>> {
        self.extras.as_mut()?.ack.take()
    }

    /// Is no longer counted by the mailbox: its handler is done with it.
    pub(in crate::event) fn leave(&mut self) {
        if std::mem::take(&mut self.entered) {
            self.handler.mailbox.handled(1);
        }
    }

    /// The dead letter that it becomes.
    fn letter(&mut self) -> DeadLetter {
        let Self {
            handler,
            payload,
            extras,
            ..
        } = self;
        let extras = extras.get_or_insert_default();
        let failures = extras.failures.get_or_insert_with(|| Failures::none(false));
        let letter = handler.core.letter(&**payload, failures);
        match &extras.replay {
            Some(replay) => replay.again(letter),
            None => letter,
        }
    }

    /// Goes to the dead letters, as nobody came to it.
    #[cold]
    fn leave_behind(&mut self) {
        let is_shut = self.handler.is_shut();
        match &mut self.extras().failures {
            Some(failures) => failures.stopped(is_shut),
            none => *none = Some(Failures::none(is_shut)),
        }
        let letter = self.letter();
        self.handler.core.letters.file_now(letter);
        self.handler.core.count_dead_letter();
        self.handler.mailbox.left_behind();
    }

    fn is_stored(&self) -> bool {
        (self.extras.as_ref()).is_some_and(|extras| extras.ack.is_some())
    }

    /// Ends it wherever it is dropped, as long as somebody counts it.
    fn end_counted(&mut self) {
        if self.entered {
            match self.handler.core.has_ended() {
                _ if self.is_stored() => {}
                true => self.handler.core.drop_event(DropReason::Ended),
                false => self.leave_behind(),
            }
            self.leave();
        }
        if self.has_room {
            self.handler.mailbox.give_back(1);
        }
        if self.pending {
            // The bus is idle only when those who wait for this are told.
            drop(self.extras.take());
            self.handler.mailbox.backlog().end(1);
        }
    }
}

impl Drop for Job {
    #[inline]
    fn drop(&mut self) {
        if self.entered || self.has_room || self.pending {
            self.end_counted();
        }
    }
}
