//! The calls of one handler, one at a time: guarded, limited, counted, measured now and then.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;
use tracing::{Level, Span};

use super::done::Done;
use super::timer::Timer;
use super::work::Work;
use crate::error::{Error, Result};
use crate::event::any::Payload;
use crate::event::caller::Caller;
use crate::event::handler::Site;
use crate::event::middleware::Calling;
use crate::event::queued::QueuedSite;

/// The calls of one handler, one at a time.
pub(super) struct Calls {
    site: Arc<QueuedSite>,
    caller: Pin<Box<dyn Caller>>,
    /// The mailbox whose worker this is.
    worker: usize,
    span: Span,
    events: u64,
    /// When the call began, if it is one of those that are timed.
    began: Option<std::time::Instant>,
    /// When it is late, once it waits.
    due: Option<Instant>,
    /// What middleware has to do with it.
    passage: Option<Box<Passage>>,
}

/// What a call was for, and what came of it.
pub(super) type Ended = (Work, Result<()>);

/// A call that middleware is around.
struct Passage {
    payloads: Vec<Arc<dyn Payload>>,
    attempt: u32,
    /// When middleware let it pass, or why it did not.
    passed: Result<Instant>,
}

impl Calls {
    pub(super) fn new(site: &Arc<QueuedSite>, worker: usize) -> Self {
        Self {
            caller: site.call.caller(),
            site: Arc::clone(site),
            worker,
            span: Span::none(),
            events: 0,
            began: None,
            due: None,
            passage: None,
        }
    }

    pub(super) fn site(&self) -> &Arc<QueuedSite> {
        &self.site
    }

    /// Whether its subscription lives as long as its plugin runs.
    pub(super) fn are_for_life(&self) -> bool {
        self.site.site.is_for_life()
    }

    #[inline]
    pub(super) fn begin(&mut self, work: Work) {
        let (site, attempts) = (&self.site.site, work.attempts());
        self.events = work.len() as u64;
        self.began = match attempts {
            0 => self.site.begin(self.events),
            _ => site.begin_again(self.events),
        };
        if tracing::span_enabled!(Level::DEBUG) {
            self.span = span(site, &work);
        }
        if self.site.middleware.is_engaged() {
            self.passage = Some(Box::new(Passage::through(&self.site, &work)));
        }
        self.caller.as_mut().begin(work);
    }

    /// Polls the call that began; ready once. What is left to do comes back: nothing, when it
    /// ended well and is counted.
    #[inline]
    pub(super) fn poll(
        &mut self,
        (timer, done): (&mut Timer, &mut Done),
        context: &mut Context<'_>,
    ) -> Poll<Option<Ended>> {
        let result = ready!(self.poll_call(timer, context));
        if result.is_err() {
            self.give_up();
        }
        self.site.site.took(self.events, self.began);
        self.due = None;
        if let Some(passage) = self.passage.take() {
            passage.end(&self.site, &result);
        }
        if !self.span.is_none() {
            self.span = Span::none();
        }
        let work = self.caller.as_mut().work();
        if let (Some(plain), Ok(())) = (&mut *work, &result)
            && plain.is_plain()
        {
            done.count(plain);
            *work = None;
        }
        Poll::Ready(work.take().map(|work| (work, result)))
    }

    #[inline]
    fn poll_call(&mut self, timer: &mut Timer, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(passage) = &self.passage
            && let Err(refused) = &passage.passed
        {
            return Poll::Ready(Err(refused.same()));
        }
        let Self { caller, span, .. } = self;
        let polled = span.in_scope(|| caller.as_mut().poll(self.worker, context));
        match polled {
            Poll::Pending => self.poll_due(timer, context),
            ready => ready,
        }
    }

    /// Ready when the call is late.
    fn poll_due(&mut self, timer: &mut Timer, context: &mut Context<'_>) -> Poll<Result<()>> {
        let limit = self.site.limit;
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
        if let Err(error) = self.caller.as_mut().give_up(self.worker) {
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

impl Passage {
    fn through(site: &QueuedSite, work: &Work) -> Self {
        let mut passage = Self {
            payloads: work.payloads(),
            attempt: work.attempts() + 1,
            passed: Ok(Instant::now()),
        };
        let asked = site.middleware.before(&passage.calling(site));
        passage.passed = asked.map(|()| Instant::now());
        passage
    }

    fn end(&self, site: &QueuedSite, result: &Result<()>) {
        let took = (self.passed.as_ref()).map_or(Duration::ZERO, Instant::elapsed);
        (site.middleware).after(&self.calling(site), result, took);
    }

    fn calling<'a>(&'a self, site: &'a QueuedSite) -> Calling<'a> {
        Calling {
            site: &site.site,
            payloads: &self.payloads,
            attempt: self.attempt,
        }
    }
}
