//! A stand-in for `plugin-core/src/event/job.rs`: a number for an event, without retries, dead
//! letters and answers. Its way through the mailbox (`enter`, `yield_place`, `begin`, `leave`, and
//! `Drop`) is a copy.

use std::sync::Arc;

use super::mailbox::Mailbox;

/// What publisher and worker know of a handler.
#[derive(Debug)]
pub(super) struct QueuedSite {
    pub(super) mailbox: Mailbox,
}

pub(crate) struct Job {
    pub(super) site: Arc<QueuedSite>,
    pub(super) number: usize,
    has_room: bool,
    entered: bool,
}

impl Job {
    pub(super) fn new(site: &Arc<QueuedSite>, number: usize) -> Self {
        site.mailbox.backlog().add_one();
        Self {
            site: Arc::clone(site),
            number,
            has_room: false,
            entered: false,
        }
    }

    pub(super) fn enter(&mut self) {
        self.has_room = true;
        self.entered = true;
    }

    pub(super) fn yield_place(&mut self, to: &mut Self) {
        to.has_room = std::mem::take(&mut self.has_room);
        to.entered = std::mem::take(&mut self.entered);
    }

    pub(super) fn begin(&mut self) {
        if std::mem::take(&mut self.has_room) {
            self.site.mailbox.give_back(1);
        }
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
        if self.has_room {
            self.site.mailbox.give_back(1);
        }
        self.site.mailbox.backlog().end(1);
    }
}
