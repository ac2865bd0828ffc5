//! The calls of one handler, one at a time: guarded, limited, counted, measured now and then.

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
use crate::event::handler::Site;
use crate::event::handler::caller::Caller;
use crate::event::middleware::Calling;
use crate::event::outcome::breaker::Verdict;
use crate::event::payload::Payload;
use crate::event::queue::handler::QueuedHandler;

/// The calls of one handler, one at a time.
pub(super) struct Calls {
    site: Arc<QueuedHandler>,
    caller: Pin<Box<dyn Caller>>,
    span: Span,
    events: u64,
    /// When the call began, if it is one of those that are timed.
    began: Option<std::time::Instant>,
    /// When it is late, once it waits.
    due: Option<Instant>,
    /// What middleware and a breaker have to do with it.
    around: Option<Box<Surroundings>>,
}

/// A call that something is around: middleware, or a breaker.
struct Surroundings {
    payloads: Vec<Arc<dyn Payload>>,
    attempt: u32,
    /// When middleware let it pass, or why it did not.
    passed: Result<Instant>,
    /// Whether it shows if the target of the handler is back.
    is_probe: bool,
}

impl Calls {
    pub(super) fn new(site: &Arc<QueuedHandler>) -> Self {
        Self {
            caller: site.caller(),
            site: Arc::clone(site),
            span: Span::none(),
            events: 0,
            began: None,
            due: None,
            around: None,
        }
    }

    pub(super) fn site(&self) -> &Arc<QueuedHandler> {
        &self.site
    }

    /// Whether its subscription lives as long as its plugin runs.
    pub(super) fn are_for_life(&self) -> bool {
        self.site.site.is_for_life()
    }

    /// Makes a call and polls it, as [`Calls::poll`].
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

    /// Polls the call that waited; ready once. What it came to is told when there is more to do
    /// than to count it; else the work is gone.
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
            0 => self.site.begin(self.events),
            _ => self.site.site.begin_again(self.events),
        };
        if tracing::span_enabled!(Level::DEBUG) {
            self.span = span(&self.site.site, work);
        }
        if self.site.middleware.is_engaged() {
            self.around = Some(Box::new(Surroundings::through(&self.site, work)));
        }
    }

    /// Why middleware does not let the call through.
    fn refusal(&self) -> Option<Error> {
        let around = self.around.as_ref()?;
        around.passed.as_ref().err().map(Error::same)
    }

    #[inline(always)]
    fn in_span<T>(&mut self, call: impl FnOnce(Pin<&mut dyn Caller>) -> T) -> T {
        let _entered = (!self.span.is_none()).then(|| self.span.enter());
        call(self.caller.as_mut())
    }

    /// What is to be done after a poll.
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

    /// Notes what a call came to.
    #[inline]
    fn end(&mut self, result: &Result<()>) {
        if result.is_err() {
            self.give_up();
        }
        self.site.site.took(self.events, self.began);
        self.due = None;
        if let Some(around) = self.around.take() {
            around.end(&self.site, result);
        }
        if !self.span.is_none() {
            self.span = Span::none();
        }
    }

    /// Ready when the call is late.
    fn poll_due(&mut self, timer: &mut Timer, context: &mut Context<'_>) -> Poll<Result<()>> {
        let limit = self.site.call.limit;
        let Some(due) = self.due.or_else(|| Instant::now().checked_add(limit)) else {
            return Poll::Pending;
        };
        self.due = Some(due);
        let late = || Err(Error::timeout(format!("no answer within {limit:?}")));
        timer.poll(due, context).map(|()| late())
    }

    /// Drops the future of a call that ends early. It is the plugin's, and may panic.
    #[cold]
    fn give_up(&mut self) {
        if let Err(error) = self.caller.as_mut().give_up() {
            tracing::error!(
                plugin = self.site.site.owner.name(),
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
fn span(site: &Site, work: &Work) -> Span {
    let meta = work.payload().meta_ref();
    tracing::debug_span!(
        "event",
        plugin = site.owner.name(),
        topic = work.payload().topic(),
        event = %meta.id,
        trace_id = %meta.trace().trace_id(),
        span_id = %meta.trace().span_id(),
    )
}

impl Surroundings {
    fn through(site: &QueuedHandler, work: &Work) -> Self {
        let mut around = Self {
            payloads: work.payloads(),
            attempt: work.attempts() + 1,
            passed: Ok(Instant::now()),
            is_probe: work.is_probe(),
        };
        let asked = site.middleware.before(&around.calling(site));
        around.passed = asked.map(|()| Instant::now());
        around
    }

    fn end(&self, site: &QueuedHandler, result: &Result<()>) {
        let took = (self.passed.as_ref()).map_or(Duration::ZERO, Instant::elapsed);
        (site.middleware).after(&self.calling(site), result, took);
        if let Some(breaker) = &site.breaker {
            let asked = result.as_ref().err().and_then(Error::retry_after);
            let said = (self.verdict(result), asked.unwrap_or_default());
            let turn = breaker.ended(said, self.is_probe);
            site.site.tell_transition(turn, (breaker, result));
        }
    }

    fn verdict(&self, result: &Result<()>) -> Verdict {
        match &self.passed {
            Ok(_) => Verdict::of(result),
            Err(_) => Verdict::Unknown,
        }
    }

    fn calling<'a>(&'a self, site: &'a QueuedHandler) -> Calling<'a> {
        Calling {
            site: &site.site,
            payloads: &self.payloads,
            attempt: self.attempt,
        }
    }
}
