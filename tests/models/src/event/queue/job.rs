//! A stand-in for `plugin-core/src/event/queue/job.rs`: a number for an event, without retries, dead
//! letters and answers. Its way through the mailbox (`enter`, `yield_place`, `begin`, `leave`, and
//! `Drop`) is a copy.

use std::sync::Arc;

use super::mailbox::Mailbox;
use super::order_key::OrderKey;

/// What publisher and worker know of a handler.
#[derive(Debug)]
pub(in crate::event) struct QueuedHandler {
    pub(in crate::event) mailbox: Mailbox,
}

pub(crate) struct Job {
    pub(in crate::event) handler: Arc<QueuedHandler>,
    pub(in crate::event) number: usize,
    has_room: bool,
    entered: bool,
}

impl Job {
    pub(in crate::event) fn new(handler: &Arc<QueuedHandler>, number: usize) -> Self {
        handler.mailbox.backlog().add_one();
        Self {
            handler: Arc::clone(handler),
            number,
            has_room: false,
            entered: false,
        }
    }

    pub(in crate::event) fn order_key(&self) -> Option<OrderKey> {
        None
    }

    pub(in crate::event) fn enter(&mut self) {
        self.has_room = true;
        self.entered = true;
    }

    pub(in crate::event) fn wait(&mut self) {}

    pub(in crate::event) fn yield_place(&mut self, to: &mut Self) {
        to.has_room = std::mem::take(&mut self.has_room);
        to.entered = std::mem::take(&mut self.entered);
    }

    pub(in crate::event) fn begin(&mut self) {
        if std::mem::take(&mut self.has_room) {
            self.handler.mailbox.give_back(1);
        }
    }

    pub(in crate::event) fn leave(&mut self) {
        if std::mem::take(&mut self.entered) {
            self.handler.mailbox.handled(1);
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.entered {
            self.handler.mailbox.left_behind();
            self.leave();
        }
        if self.has_room {
            self.handler.mailbox.give_back(1);
        }
        self.handler.mailbox.backlog().end(1);
    }
}
