//! The parts that only some jobs have.

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::time::Instant;

use tokio::sync::oneshot;

use crate::event::outcome::HandlerOutcome;
use crate::event::outcome::dead_letters::{Failures, Replay};
use crate::event::queue::acceptance::Share;
use crate::event::queue::acknowledgement::Acknowledgement;
use crate::event::queue::probe::ProbeState;
use crate::event::queue::turn::Turn;

/// The parts that only some jobs have. They are dropped out of line, so that dropping other jobs
/// only checks whether there are any.
pub(super) struct JobExtras(ManuallyDrop<Option<ExtraFields>>);

#[derive(Default)]
pub(super) struct ExtraFields {
    pub(super) acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    /// The failures of its calls so far.
    pub(super) failures: Option<Failures>,
    /// The replay of a dead letter that it belongs to.
    pub(super) replay: Option<Replay>,
    /// Its turn within its key.
    pub(super) turn: Option<Turn>,
    /// Present for an event that a store keeps until it is handled.
    pub(super) ack: Option<Box<dyn Acknowledgement>>,
    /// Its share of its handler's quota.
    pub(super) share: Share,
    pub(super) gate: ProbeState,
    /// The time when it entered its mailbox, until its handler is called; for a sample of jobs.
    pub(super) entered: Option<Instant>,
}

const TAKEN_BY_DROP: &str = "only the drop of the extras takes their fields";

impl Default for JobExtras {
    fn default() -> Self {
        Self(ManuallyDrop::new(Some(ExtraFields::default())))
    }
}

impl Deref for JobExtras {
    type Target = ExtraFields;

    fn deref(&self) -> &ExtraFields {
        self.0.as_ref().expect(TAKEN_BY_DROP)
    }
}

impl DerefMut for JobExtras {
    fn deref_mut(&mut self) -> &mut ExtraFields {
        self.0.as_mut().expect(TAKEN_BY_DROP)
    }
}

impl Drop for JobExtras {
    #[inline(never)]
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

impl ExtraFields {
    /// Whether it contains nothing, as in a plain job.
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            acknowledge,
            failures,
            replay,
            turn,
            ack,
            share,
            gate,
            entered,
        } = self;
        let is_plain = acknowledge.is_none() && failures.is_none() && replay.is_none();
        is_plain
            && turn.is_none()
            && ack.is_none()
            && share.is_none()
            && *gate == ProbeState::Never
            && entered.is_none()
    }
}
