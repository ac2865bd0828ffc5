//! The place where a worker makes its calls, one at a time, for any handler.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::calls::Calls;
use super::completions::Completions;
use super::timer::Timer;
use super::work::Work;
use crate::error::Result;
use crate::event::queue::handler::QueuedHandler;

/// The place where a worker makes its calls.
pub(super) struct CallSlot {
    /// The handlers that were called before and may be called again.
    handlers: Vec<Calls>,
    /// The index of the handler that was called last.
    last: usize,
    /// The work of the next or present call, and the rest of it after the call.
    work: Option<Work>,
    is_busy: bool,
    timer: Timer,
}

impl CallSlot {
    pub(super) fn new() -> Self {
        Self {
            handlers: Vec::new(),
            last: 0,
            work: None,
            is_busy: false,
            timer: Timer::default(),
        }
    }

    /// Whether a call is in progress.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Sets the work of the next call.
    #[inline]
    pub(super) fn put(&mut self, work: Work) {
        self.work = Some(work);
    }

    /// The work of the next call.
    #[inline]
    pub(super) fn work(&mut self) -> Option<&mut Work> {
        self.work.as_mut()
    }

    /// Takes the work that is not called, or the rest of it after a call.
    pub(super) fn take(&mut self) -> Option<Work> {
        self.work.take()
    }

    /// Makes a call and polls it, like [`Calls::call`].
    #[inline]
    pub(super) fn call(
        &mut self,
        completions: &mut Completions,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<()>>> {
        let Some(work) = &self.work else {
            return Poll::Ready(None);
        };
        let is_of = |calls: &Calls| Arc::ptr_eq(calls.handler(), work.handler());
        if !self.handlers.get(self.last).is_some_and(is_of) {
            self.last = find(&mut self.handlers, work.handler());
        }
        let calls = &mut self.handlers[self.last];
        let called = calls.call(&mut self.work, (&mut self.timer, completions), context);
        self.note(called.is_pending());
        called
    }

    /// Records whether a call is in progress or has ended.
    #[inline]
    fn note(&mut self, is_busy: bool) {
        self.is_busy = is_busy;
        if !is_busy && !self.handlers[self.last].are_for_life() {
            // Everything that its subscription holds is dropped.
            self.handlers.swap_remove(self.last);
        }
    }

    /// Makes a call and waits for its end. Returns work that is retried, and work that has to wait
    /// for the target of the handler.
    pub(super) async fn serve(&mut self, mut work: Work) -> Option<Work> {
        let mailbox = Arc::clone(&work.handler().mailbox);
        if work.handler().core.has_ended() {
            work.discard();
            return None;
        }
        if !work.is_admitted() {
            return Some(work);
        }
        mailbox.give_back(work.begin());
        self.put(work);
        let mut completions = Completions::new(&mailbox);
        let ended = poll_fn(|context| match self.is_busy {
            true => self.poll(&mut completions, context),
            false => self.call(&mut completions, context),
        });
        let result = ended.await?;
        self.take()?.conclude(result).await
    }

    /// Polls the call in progress, like [`Calls::poll`].
    pub(super) fn poll(
        &mut self,
        completions: &mut Completions,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<()>>> {
        let calls = &mut self.handlers[self.last];
        let polled = calls.poll(&mut self.work, (&mut self.timer, completions), context);
        self.note(polled.is_pending());
        polled
    }
}

/// The index of the calls of a handler, which are added if this is its first call.
#[inline(never)]
fn find(handlers: &mut Vec<Calls>, handler: &Arc<QueuedHandler>) -> usize {
    let is_of = |calls: &Calls| Arc::ptr_eq(calls.handler(), handler);
    handlers.iter().position(is_of).unwrap_or_else(|| {
        handlers.push(Calls::new(handler));
        handlers.len() - 1
    })
}
