//! Where a worker makes its calls: one at a time, whichever handler it is.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::calls::{Calls, Ended};
use super::done::Done;
use super::timer::Timer;
use super::work::Work;

/// Where a worker makes its calls.
pub(super) struct Desk {
    worker: usize,
    /// The handlers that were called before and may be called again.
    handlers: Vec<Calls>,
    /// The one that was called last.
    last: usize,
    is_busy: bool,
    timer: Timer,
}

impl Desk {
    pub(super) fn new(worker: usize) -> Self {
        Self {
            worker,
            handlers: Vec::new(),
            last: 0,
            is_busy: false,
            timer: Timer::default(),
        }
    }

    /// Whether a call is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    pub(super) fn begin(&mut self, work: Work) {
        let is_of = |calls: &Calls| Arc::ptr_eq(calls.site(), work.site());
        if !self.handlers.get(self.last).is_some_and(is_of) {
            self.last = self.handlers.iter().position(is_of).unwrap_or_else(|| {
                (self.handlers).push(Calls::new(work.site(), self.worker));
                self.handlers.len() - 1
            });
        }
        self.handlers[self.last].begin(work);
        self.is_busy = true;
    }

    /// Makes a call and waits for its end. What is to be tried again comes back.
    pub(super) async fn serve(&mut self, mut work: Work) -> Option<Work> {
        let mailbox = Arc::clone(&work.site().mailbox);
        if work.site().site.has_ended() {
            work.discard();
            return None;
        }
        mailbox.give_back(work.begin());
        self.begin(work);
        let mut done = Done::new(&mailbox);
        let (work, result) = poll_fn(|context| self.poll(&mut done, context)).await?;
        work.conclude(result).await
    }

    /// Polls the call that began, as [`Calls::poll`].
    #[inline]
    pub(super) fn poll(
        &mut self,
        done: &mut Done,
        context: &mut Context<'_>,
    ) -> Poll<Option<Ended>> {
        let calls = &mut self.handlers[self.last];
        let polled = calls.poll((&mut self.timer, done), context);
        if polled.is_ready() {
            self.is_busy = false;
            if !calls.are_for_life() {
                // What its subscription holds goes with it.
                self.handlers.swap_remove(self.last);
            }
        }
        polled
    }
}
