//! What a bus accepted and is not handled yet.

use std::pin::pin;

use crate::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use crate::sync::{Arc, Notify};

/// How many accepted events of a bus are not handled yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backlog(Arc<BacklogInner>);

#[derive(Debug, Default)]
struct BacklogInner {
    pending: AtomicUsize,
    idle: Notify,
}

/// One accepted event that is not handled yet.
pub(crate) struct Pending(Backlog);

/// A publishing under way: while it lasts the bus is not idle.
pub(crate) struct Publishing<'a>(&'a Backlog);

impl Backlog {
    pub(crate) fn begin(&self) -> Pending {
        self.0.pending.fetch_add(1, SeqCst);
        Pending(self.clone())
    }

    pub(crate) fn publishing(&self) -> Publishing<'_> {
        self.0.pending.fetch_add(1, SeqCst);
        Publishing(self)
    }

    fn end(&self) {
        if self.0.pending.fetch_sub(1, SeqCst) == 1 {
            self.0.idle.notify_waiters();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.pending.load(SeqCst)
    }

    /// Waits until all is handled. What a handler publishes counts from before the handler ends.
    pub(crate) async fn idle(&self) {
        loop {
            let mut idle = pin!(self.0.idle.notified());
            idle.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Drop for Publishing<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
