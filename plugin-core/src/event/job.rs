//! One event for one handler, on its way through a mailbox.
//!
//! Invariant: a job that entered a mailbox is handled, given up by the overflow policy, void with
//! its subscription, or in the dead letters. One that is dropped anywhere, because its worker is
//! ended, goes to the dead letters by its `Drop`; unless a store has it, from where it comes again.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::any::Payload;
use super::backlog::Pending;
use super::dead_letters::{DeadLetter, Failures, Replay};
use super::durable::Receipt;
use super::group::Pin;
use super::handler::QueuedSite;
use super::outcome::HandlerOutcome;
use crate::error::{Error, Result};

/// The place of a job among those of its key.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) key: u64,
    /// Holds the later ones of the group back, until the job is dropped, wherever that happens.
    pub(super) _pin: Option<Pin>,
}

pub(crate) struct Job {
    pub(super) site: Arc<QueuedSite>,
    pub(super) payload: Arc<dyn Payload>,
    acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    /// Its place in the mailbox, until a handler takes it for good.
    room: Option<OwnedSemaphorePermit>,
    /// What its calls came to so far.
    failures: Option<Box<Failures>>,
    /// The dead letter that it is made of.
    replay: Option<Box<Replay>>,
    /// Its place among those of its key.
    pub(super) turn: Option<Turn>,
    /// Of an event that a store keeps until it is handled.
    receipt: Option<Receipt>,
    /// Whether the mailbox counts it.
    entered: bool,
    /// Counts as handled when it is dropped, wherever that happens.
    _pending: Pending,
}

impl Job {
    pub(super) fn new(
        site: &Arc<QueuedSite>,
        payload: Arc<dyn Payload>,
        acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
        pending: Pending,
    ) -> Self {
        Self {
            site: Arc::clone(site),
            payload,
            acknowledge,
            room: None,
            failures: None,
            replay: None,
            turn: None,
            receipt: None,
            entered: false,
            _pending: pending,
        }
    }

    /// Makes it the replay of a dead letter.
    pub(super) fn replays(mut self, replay: Replay) -> Self {
        self.replay = Some(Box::new(replay));
        self
    }

    /// Makes it the delivery of an event that a store keeps.
    pub(super) fn delivers(mut self, receipt: Receipt) -> Self {
        self.receipt = Some(receipt);
        self
    }

    /// Whether its publisher waits for what becomes of it.
    pub(super) fn is_awaited(&self) -> bool {
        self.acknowledge.is_some()
    }

    /// Takes its place in the mailbox.
    pub(super) fn enter(&mut self, room: OwnedSemaphorePermit) {
        self.room = Some(room);
        self.entered = true;
    }

    /// Gives its place in the mailbox to a job that enters in its stead.
    pub(super) fn yield_place(&mut self, to: &mut Self) {
        to.room = self.room.take();
        to.entered = std::mem::take(&mut self.entered);
    }

    /// Its handler is called now. One that may have to wait for a retry keeps its place, so that
    /// what waits is never more than the mailbox holds.
    pub(super) fn begin(&mut self) {
        if self.site.site.options.retry.is_none() {
            self.room = None;
        }
    }

    /// Calls that failed so far.
    pub(super) fn attempts(&self) -> u32 {
        self.failures
            .as_ref()
            .map_or(0, |failures| failures.attempts)
    }

    /// What the last call that failed said.
    pub(super) fn last_error(&self) -> &dyn std::fmt::Display {
        (self.failures.as_ref()).map_or(&"", |failures| &failures.error)
    }

    /// Notes a call that failed.
    pub(super) fn failed(&mut self, error: &Error) {
        match &mut self.failures {
            Some(failures) => failures.again(error),
            none => *none = Some(Box::new(Failures::first(error))),
        }
    }

    /// Ends it well, after [`Job::leave`], and tells the publisher if it waits for that.
    pub(super) async fn succeed(mut self) {
        if let Some(replay) = &self.replay {
            self.site.site.letters.replayed(replay).await;
        }
        // Before the publisher is told, so that it finds the letter free for whatever it does next.
        self.replay = None;
        self.end(Ok(()));
    }

    /// Ends it with what its publisher is told; it has become no dead letter.
    pub(super) fn end(mut self, result: Result<()>) {
        self.leave();
        self.acknowledge(result);
        if let Some(receipt) = self.receipt.take() {
            receipt.handled();
        }
    }

    /// Puts it into the dead letters, and tells the publisher if it waits for that. Dropped on the
    /// way there, it goes to the dead letters all the same, under the same id.
    pub(super) async fn bury(mut self, error: &Error) {
        let letter = self.letter();
        match self.receipt.take() {
            Some(receipt) => receipt.dead(letter),
            None => self.site.site.letters.file(letter).await,
        }
        self.site.site.count_dead_letter();
        self.leave();
        self.replay = None;
        self.acknowledge(Err(error.same()));
    }

    /// Ends it without a call: the overflow policy chose it.
    pub(super) fn give_up(mut self) {
        let site = &self.site.site;
        site.owner.counters().dropped.fetch_add(1, Relaxed);
        tracing::debug!(
            plugin = site.owner.name(),
            handler = site.handler,
            event = %self.payload.meta().id,
            "an event was dropped by the overflow policy"
        );
        self.acknowledge(Err(Error::retriable(
            "the overflow policy dropped the event",
        )));
    }

    /// Ends it without a call: its subscription has ended.
    pub(super) fn discard(mut self) {
        self.leave();
    }

    fn acknowledge(&mut self, result: Result<()>) {
        if let Some(acknowledge) = self.acknowledge.take() {
            // The publisher may have stopped waiting.
            drop(acknowledge.send(self.site.site.outcome(result)));
        }
    }

    /// Is no longer counted by the mailbox: its handler is done with it.
    pub(super) fn leave(&mut self) {
        if std::mem::take(&mut self.entered) {
            self.site.mailbox.handled(1);
        }
    }

    /// The dead letter that it becomes.
    fn letter(&mut self) -> DeadLetter {
        let failures = (self.failures).get_or_insert_with(|| Box::new(Failures::none()));
        let site = &self.site.site;
        let letter = DeadLetter::of(site, &*self.payload, failures);
        match &self.replay {
            Some(replay) => replay.again(letter),
            None => letter,
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.receipt.is_some() {
            return self.leave();
        }
        if !self.entered {
            return;
        }
        if self.site.site.has_ended() {
            return self.leave();
        }
        if let Some(failures) = &mut self.failures {
            failures.stopped();
        }
        let letter = self.letter();
        self.site.site.letters.file_now(letter);
        self.site.site.count_dead_letter();
        self.site.mailbox.left_behind();
        self.leave();
    }
}
