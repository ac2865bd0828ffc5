//! A stand-in for `plugin-core/src/event/job.rs`: a number for an event, without retries, dead
//! letters and answers. Its way through the mailbox (`enter`, `yield_place`, `begin`, `leave`, and
//! `Drop`) is a copy.

use std::sync::Arc;

use super::backlog::Pending;
use super::mailbox::Mailbox;
use crate::sync::OwnedSemaphorePermit;

/// What publisher and worker know of a handler.
#[derive(Debug)]
pub(super) struct QueuedSite {
    pub(super) mailbox: Mailbox,
}

pub(crate) struct Job {
    pub(super) site: Arc<QueuedSite>,
    pub(super) number: usize,
    room: Option<OwnedSemaphorePermit>,
    entered: bool,
    _pending: Pending,
}

impl Job {
    pub(super) fn new(site: &Arc<QueuedSite>, number: usize, pending: Pending) -> Self {
        Self {
            site: Arc::clone(site),
            number,
            room: None,
            entered: false,
            _pending: pending,
        }
    }

    pub(super) fn enter(&mut self, room: OwnedSemaphorePermit) {
        self.room = Some(room);
        self.entered = true;
    }

    pub(super) fn yield_place(&mut self, to: &mut Self) {
        to.room = self.room.take();
        to.entered = std::mem::take(&mut self.entered);
    }

    pub(super) fn begin(&mut self) {
        self.room = None;
    }

    pub(super) fn leave(&mut self) {
        if std::mem::take(&mut self.entered) {
            self.site.mailbox.handled(1);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.entered {
            self.site.mailbox.left_behind();
            self.leave();
        }
    }
}
