//! The calls of one handler, one at a time: guarded, limited, counted, and measured for a sample.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Level, Span};

use super::completions::Completions;
use super::timer::Timer;
use super::work::Work;
use crate::error::{Error, Result};
use crate::event::handler::HandlerCore;
use crate::event::handler::caller::Caller;
use crate::event::interceptor::Calling;
use crate::event::outcome::breaker::Verdict;
use crate::event::payload::Payload;
use crate::event::queue::handler::QueuedHandler;

/// The calls of one handler, one at a time.
pub(super) struct Calls {
    handler: Arc<QueuedHandler>,
    caller: Pin<Box<dyn Caller>>,
    span: Span,
    events: u64,
    /// The beginning of the call, if the call is timed.
    began: Option<std::time::Instant>,
    /// The deadline of the call, once it has to wait.
    due: Option<Instant>,
    /// Present if interceptors or a breaker are involved.
    around: Option<Box<Surroundings>>,
}

/// The data of a call that involves interceptors or a breaker.
struct Surroundings {
    payloads: Vec<Arc<dyn Payload>>,
    attempt: u32,
    /// The time when interceptors let it pass, or the error with which they refused it.
    passed: Result<Instant>,
    /// Whether it is the probe that shows if the target of the handler works again.
    is_probe: bool,
}

impl Calls {
    pub(super) fn new(handler: &Arc<QueuedHandler>) -> Self {
        Self {
            caller: handler.caller(),
            handler: Arc::clone(handler),
            span: Span::none(),
            events: 0,
            began: None,
            due: None,
            around: None,
        }
    }

    pub(super) fn handler(&self) -> &Arc<QueuedHandler> {
        &self.handler
    }

    /// Whether its subscription exists as long as its plugin runs.
    pub(super) fn are_for_life(&self) -> bool {
        self.handler.core.is_for_life()
    }

    /// Makes a call and polls it, like [`Calls::poll`].
    #[inline]
    pub(super) fn call(
        &mut self,
        work: &mut Option<Work>,
        at: (&mut Timer, &mut Completions),
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<()>>> {
        let Some(begun) = &*work else {
            return Poll::Ready(None);
        };
        self.begin(begun);
        let called = match self.refusal() {
            Some(refusal) => Poll::Ready(Err(refusal)),
            None => self.in_span(|caller| caller.call(begun.payload(), begun, context)),
        };
        self.ended(called, work, at, context)
    }

    /// Polls the waiting call. When it is complete, its result is returned if there is more to do
    /// than to count it; otherwise the work is removed.
    pub(super) fn poll(
        &mut self,
        work: &mut Option<Work>,
        at: (&mut Timer, &mut Completions),
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<()>>> {
        let polled = self.in_span(|caller| caller.poll(context));
        self.ended(polled, work, at, context)
    }

    fn begin(&mut self, work: &Work) {
        self.events = work.len() as u64;
        self.began = match work.attempts() {
            0 => self.handler.begin(self.events),
            _ => self.handler.core.begin_again(self.events),
        };
        if tracing::span_enabled!(Level::DEBUG) {
            self.span = span(&self.handler.core, work);
        }
        if self.handler.interceptors.is_engaged() {
            self.around = Some(Box::new(Surroundings::through(&self.handler, work)));
        }
    }

    /// The error with which an interceptor refused the call.
    fn refusal(&self) -> Option<Error> {
        let around = self.around.as_ref()?;
        around.passed.as_ref().err().map(Error::same)
    }

    #[inline(always)]
    fn in_span<T>(&mut self, call: impl FnOnce(Pin<&mut dyn Caller>) -> T) -> T {
        let _entered = (!self.span.is_none()).then(|| self.span.enter());
        call(self.caller.as_mut())
    }

    /// The next action after a poll.
    #[inline(always)]
    fn ended(
        &mut self,
        polled: Poll<Result<()>>,
        work: &mut Option<Work>,
        (timer, completions): (&mut Timer, &mut Completions),
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<()>>> {
        let result = match polled {
            Poll::Ready(result) => result,
            Poll::Pending => ready!(self.poll_due(timer, context)),
        };
        self.end(&result);
        if let Some(plain) = work
            && result.is_ok()
            && plain.is_plain()
        {
            completions.count(plain);
            *work = None;
            return Poll::Ready(None);
        }
        Poll::Ready(Some(result))
    }

    /// Records the result of a call.
    #[inline]
    fn end(&mut self, result: &Result<()>) {
        if result.is_err() {
            self.give_up();
        }
        self.handler.core.took(self.events, self.began);
        self.due = None;
        if let Some(around) = self.around.take() {
            around.end(&self.handler, result);
        }
        if !self.span.is_none() {
            self.span = Span::none();
        }
    }

    /// Ready when the call has exceeded its time limit.
    fn poll_due(&mut self, timer: &mut Timer, context: &mut Context<'_>) -> Poll<Result<()>> {
        let limit = self.handler.call.limit;
        let Some(due) = self.due.or_else(|| Instant::now().checked_add(limit)) else {
            return Poll::Pending;
        };
        self.due = Some(due);
        let late = || Err(Error::timeout(format!("no answer within {limit:?}")));
        timer.poll(due, context).map(|()| late())
    }

    /// Drops the future of a call that ends early. It is the plugin's code and may panic.
    #[cold]
    fn give_up(&mut self) {
        if let Err(error) = self.caller.as_mut().give_up() {
            tracing::error!(
                plugin = self.handler.core.owner.name(),
                "a future that was given up {error}"
            );
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.give_up();
    }
}

#[cold]
fn span(core: &HandlerCore, work: &Work) -> Span {
    let meta = work.payload().meta_ref();
    tracing::debug_span!(
        "event",
        plugin = core.owner.name(),
        topic = work.payload().topic(),
        event = %meta.id,
        trace_id = %meta.trace().trace_id(),
        span_id = %meta.trace().span_id(),
    )
}

impl Surroundings {
    fn through(handler: &QueuedHandler, work: &Work) -> Self {
        let mut around = Self {
            payloads: work.payloads(),
            attempt: work.attempts() + 1,
            passed: Ok(Instant::now()),
            is_probe: work.is_probe(),
        };
        let asked = handler.interceptors.before(&around.calling(handler));
        around.passed = asked.map(|()| Instant::now());
        around
    }

    fn end(&self, handler: &QueuedHandler, result: &Result<()>) {
        let took = (self.passed.as_ref()).map_or(Duration::ZERO, Instant::elapsed);
        (handler.interceptors).after(&self.calling(handler), result, took);
        if let Some(breaker) = &handler.breaker {
            let asked = result.as_ref().err().and_then(Error::retry_after);
            let said = (self.verdict(result), asked.unwrap_or_default());
            let turn = breaker.ended(said, self.is_probe);
            handler.core.tell_transition(turn, (breaker, result));
        }
    }

    fn verdict(&self, result: &Result<()>) -> Verdict {
        match &self.passed {
            Ok(_) => Verdict::of(result),
            Err(_) => Verdict::Unknown,
        }
    }

    fn calling<'a>(&'a self, handler: &'a QueuedHandler) -> Calling<'a> {
        Calling {
            core: &handler.core,
            payloads: &self.payloads,
            attempt: self.attempt,
        }
    }
}
