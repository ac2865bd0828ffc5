//! The number of events that a bus has accepted and that are not handled yet.
//!
//! Invariant: a waiter first registers and then reads the count; the code that decrements the count
//! looks for waiters after that. So one of the two sees the other.

use std::pin::pin;

use crate::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use crate::sync::{Arc, Notify};

/// The number of accepted events of a bus that are not handled yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backlog(Arc<BacklogInner>);

#[derive(Debug, Default)]
struct BacklogInner {
    pending: AtomicUsize,
    /// Number of waiters for an empty backlog.
    waiting: AtomicUsize,
    idle: Notify,
}

/// One accepted event that is not handled yet.
pub(crate) struct Pending(Backlog);

/// A publishing operation in progress: while it exists, the bus is not idle.
pub(crate) struct Publishing<'a>(&'a Backlog);

impl Backlog {
    pub(crate) fn begin(&self) -> Pending {
        self.add_one();
        Pending(self.clone())
    }

    pub(crate) fn publishing(&self) -> Publishing<'_> {
        self.add_one();
        Publishing(self)
    }

    /// Counts an event. The caller has to call [`Backlog::end`] when the event is handled.
    pub(in crate::event) fn add_one(&self) {
        self.add(1);
    }

    /// Counts several events, like [`Backlog::add_one`].
    pub(in crate::event) fn add(&self, events: usize) {
        self.0.pending.fetch_add(events, SeqCst);
    }

    /// Several events are handled.
    pub(in crate::event) fn end(&self, events: usize) {
        let before = self.0.pending.fetch_sub(events, SeqCst);
        if before == events && self.0.waiting.load(SeqCst) > 0 {
            self.0.idle.notify_waiters();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.pending.load(SeqCst)
    }

    /// Waits until all events are handled. Events that a handler publishes are counted before the
    /// handler ends.
    pub(crate) async fn idle(&self) {
        let _waiting = WaiterGuard::begin(&self.0.waiting);
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

/// A waiter for an empty backlog.
struct WaiterGuard<'a>(&'a AtomicUsize);

impl<'a> WaiterGuard<'a> {
    fn begin(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, SeqCst);
        Self(waiting)
    }
}

impl Drop for WaiterGuard<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Publishing<'_> {
    /// Turns this into an event of a mailbox. The code that owns the event has to call
    /// [`Backlog::end`].
    pub(in crate::event) fn hand_over(self) {
        std::mem::forget(self);
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.end(1);
    }
}

impl Drop for Publishing<'_> {
    fn drop(&mut self) {
        self.0.end(1);
    }
}
