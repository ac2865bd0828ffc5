//! What only some jobs have.

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

/// What only some jobs have. It is dropped out of line, so that who drops one of the other jobs
/// only looks whether there is any.
pub(super) struct JobExtras(ManuallyDrop<Option<ExtraFields>>);

#[derive(Default)]
pub(super) struct ExtraFields {
    pub(super) acknowledge: Option<oneshot::Sender<HandlerOutcome>>,
    /// What its calls came to so far.
    pub(super) failures: Option<Failures>,
    /// The dead letter that it is made of.
    pub(super) replay: Option<Replay>,
    /// Its place among those of its key.
    pub(super) turn: Option<Turn>,
    /// Of an event that a store keeps until it is handled.
    pub(super) ack: Option<Box<dyn Acknowledgement>>,
    /// What it takes of its handler's quota.
    pub(super) share: Share,
    pub(super) gate: ProbeState,
    /// When it entered its mailbox, until its handler is called: of a sample.
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
    /// Whether there is nothing that a plain job has not.
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
