//! One event for one handler, on its way through a mailbox.
//!
//! Invariant: a job that has entered a mailbox is handled, given up by the overflow policy,
//! discarded with its subscription, or becomes a dead letter. If a job is dropped anywhere because
//! its worker is aborted, its `Drop` makes a dead letter of it, unless a store has the event and
//! will deliver it again.

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
    /// The parts that most jobs do not have.
    extras: Option<Box<JobExtras>>,
    /// Whether it occupies a place in the mailbox, which it does until a handler finally takes it.
    has_room: bool,
    /// Whether the mailbox counts it.
    entered: bool,
    /// Whether the bus counts it, which it does until it is handled or dropped anywhere.
    pending: bool,
}

impl Job {
    /// Creates a job that its bus counts from now on.
    pub(in crate::event) fn new(handler: &Arc<QueuedHandler>, payload: Arc<dyn Payload>) -> Self {
        handler.mailbox.backlog().add_one();
        Self::counted(handler, payload)
    }

    /// Creates a job that its bus counts already.
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

    /// The event of a job that is not counted any more. It has the type from which the job was
    /// made.
    #[cold]
    pub(in crate::event) fn take_back<P: Carried>(mut self) -> Arc<Envelope<P>> {
        self.pending = false;
        let payload = Arc::clone(&self.payload).into_any();
        payload
            .downcast()
            .expect("a job has the event of its publisher")
    }

    /// Sets that its publisher waits for the outcome.
    pub(in crate::event) fn acknowledges(
        mut self,
        to: Option<oneshot::Sender<HandlerOutcome>>,
    ) -> Self {
        if to.is_some() {
            self.extras().acknowledge = to;
        }
        self
    }

    /// Sets its turn within its key.
    #[inline]
    pub(in crate::event) fn takes(mut self, turn: Option<Turn>) -> Self {
        if turn.is_some() {
            self.extras().turn = turn;
        }
        self
    }

    /// Sets its share of the handler's quota, which it keeps as long as its place in the mailbox.
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

    /// The key of its event, if the event has one.
    pub(in crate::event) fn key(&self) -> Option<u64> {
        let turn = self.extras.as_ref()?.turn.as_ref()?;
        Some(turn.key)
    }

    /// The order key whose jobs wait behind it while it waits for a retry.
    pub(in crate::event) fn order_key(&self) -> Option<OrderKey> {
        // A batch has events with several keys and is retried as a whole.
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

    /// Whether its publisher waits for the outcome.
    pub(in crate::event) fn is_awaited(&self) -> bool {
        (self.extras.as_ref()).is_some_and(|extras| extras.acknowledge.is_some())
    }

    /// Takes it for a call of its handler; `None` if the store that keeps the event drops it.
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

    /// Records when it entered, because it belongs to the sample whose waiting time is measured.
    #[cold]
    pub(in crate::event) fn wait(&mut self) {
        self.extras().entered = Some(Instant::now());
    }

    /// Gives its place in the mailbox to a job that replaces it.
    pub(in crate::event) fn yield_place(&mut self, to: &mut Self) {
        to.has_room = std::mem::take(&mut self.has_room);
        to.entered = std::mem::take(&mut self.entered);
        let share = self.extras.as_mut().and_then(|extras| extras.share.take());
        if share.is_some() && to.extras().share.is_none() {
            to.extras().share = share;
        }
    }

    /// Its handler is called now. Returns whether its place in the mailbox becomes free. A job that
    /// may have to wait for a retry keeps its place, so that the waiting jobs are never more than
    /// the mailbox can hold.
    pub(in crate::event) fn begin(&mut self) -> bool {
        if self.extras.is_some() {
            self.begins();
        }
        if self.handler.core.keeps_room {
            return false;
        }
        std::mem::take(&mut self.has_room)
    }

    /// Whether a successful job only has to be counted.
    pub(in crate::event) fn is_plain(&self) -> bool {
        self.extras.is_none() && !self.has_room
    }

    /// Other code counts it as handled.
    #[inline]
    pub(in crate::event) fn counts_elsewhere(&mut self) {
        self.entered = false;
        self.pending = false;
    }

    /// Number of failed calls so far.
    pub(in crate::event) fn attempts(&self) -> u32 {
        self.failures().map_or(0, |failures| failures.attempts)
    }

    /// Its state with respect to the breaker of its handler.
    pub(in crate::event) fn gate(&self) -> ProbeState {
        self.extras
            .as_ref()
            .map_or(ProbeState::Never, |extras| extras.gate)
    }

    /// Sets this state.
    pub(in crate::event) fn stands(&mut self, gate: ProbeState) {
        if gate != self.gate() {
            self.extras().gate = gate;
        }
    }

    /// How often it has shown that the target of its handler is down.
    pub(in crate::event) fn probes(&self) -> u32 {
        self.failures().map_or(0, Failures::probes)
    }

    /// Records that it has shown that the target is down, which is not an attempt of the event.
    pub(in crate::event) fn probed(&mut self, error: &Error) {
        let failures = &mut self.extras().failures;
        (failures.get_or_insert_with(|| Failures::before(error))).probed(error);
    }

    /// Whether it is retried after the failure that was recorded last.
    pub(in crate::event) fn may_retry(&self, error: &Error) -> bool {
        let retry = self.handler.core.options.retry;
        error.kind().is_retriable() && retry.is_some_and(|retry| self.attempts() <= retry.retries)
    }

    /// The error of the last failed call.
    pub(in crate::event) fn last_error(&self) -> &dyn std::fmt::Display {
        self.failures().map_or(&"", |failures| &failures.error)
    }

    /// The pause before the next call that the last error asked for.
    pub(in crate::event) fn asked_pause(&self) -> Option<Duration> {
        self.failures()?.error.retry_after()
    }

    /// Records a failed call.
    pub(in crate::event) fn failed(&mut self, error: &Error) {
        match &mut self.extras().failures {
            Some(failures) => failures.again(error),
            none => *none = Some(Failures::first(error)),
        }
    }

    /// Ends it successfully, after [`Job::leave`], and tells the publisher if the publisher waits.
    pub(in crate::event) async fn succeed(mut self) {
        if let Some(extras) = &mut self.extras
            && let Some(replay) = &extras.replay
        {
            replay.done().await;
            // This happens before the publisher is told, so that the letter is free for the
            // publisher's next action.
            extras.replay = None;
        }
        self.end(Ok(()));
    }

    /// Ends it with the result for its publisher. It has not become a dead letter.
    pub(in crate::event) fn end(mut self, result: Result<()>) {
        self.leave();
        self.acknowledge(result);
        if let Some(ack) = self.ack() {
            ack.handled();
        }
    }

    /// Makes a dead letter of it, and tells the publisher if the publisher waits. If the future is
    /// dropped before that is done, it still becomes a dead letter, with the same id.
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

    /// Ends it without a call, because the overflow policy chose it.
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

    /// Ends it without a call, because its subscription has ended or its store drops it.
    pub(in crate::event) fn discard(mut self) {
        if !self.is_stored() {
            self.handler.core.drop_event(DropReason::Ended);
        }
        self.leave();
    }

    fn acknowledge(&mut self, result: Result<()>) {
        let acknowledge = (self.extras.as_mut()).and_then(|extras| extras.acknowledge.take());
        if let Some(acknowledge) = acknowledge {
            // The publisher may not wait any more.
            drop(acknowledge.send(self.handler.core.outcome(result)));
        }
    }

    fn ack(&mut self) -> Option<Box<dyn Acknowledgement>> {
        self.extras.as_mut()?.ack.take()
    }

    /// The mailbox does not count it any more, because its handler has finished with it.
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

    /// Makes a dead letter of it, because no handler was called.
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

    /// Ends it wherever it is dropped, as long as it is counted.
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
            // The bus must not be idle before those that wait for this are told.
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
