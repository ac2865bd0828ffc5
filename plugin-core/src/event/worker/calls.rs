//! The calls of one handler, one at a time: guarded, limited, counted, measured now and then.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;
use tracing::Span;

use super::timer::Timer;
use super::work::Work;
use crate::context::{Current, Frame, within};
use crate::error::{Error, Result};
use crate::event::caller::Caller;
use crate::event::envelope::Meta;
use crate::event::middleware::Calling;
use crate::event::queued::QueuedSite;
use crate::guard;

/// The calls of one handler, one at a time.
pub(super) struct Calls {
    site: Arc<QueuedSite>,
    caller: Pin<Box<dyn Caller>>,
    /// The mailbox whose worker this is.
    worker: usize,
    under_way: Option<UnderWay>,
}

/// A call under way.
struct UnderWay {
    meta: Meta,
    events: u64,
    attempt: u32,
    span: Span,
    /// When it began, if it is one of those that are timed.
    began: Option<std::time::Instant>,
    /// When middleware let it pass, if there is any.
    passed: Option<Instant>,
    /// When it is late, once it waits.
    due: Option<Instant>,
    /// Middleware did not let it pass.
    refused: Option<Error>,
}

impl Calls {
    pub(super) fn new(site: &Arc<QueuedSite>, worker: usize) -> Self {
        Self {
            caller: site.call.caller(),
            site: Arc::clone(site),
            worker,
            under_way: None,
        }
    }

    pub(super) fn site(&self) -> &Arc<QueuedSite> {
        &self.site
    }

    /// Whether its subscription lives as long as its plugin runs.
    pub(super) fn are_for_life(&self) -> bool {
        self.site.site.is_for_life()
    }

    pub(super) fn begin(&mut self, work: Work) {
        let site = &self.site.site;
        let (events, attempts) = (work.len() as u64, work.attempts());
        let meta = work.payload().meta();
        let span = tracing::info_span!(
            "event",
            plugin = site.owner.name(),
            topic = work.payload().topic(),
            event = %meta.id,
            trace_id = %meta.trace().trace_id(),
            span_id = %meta.trace().span_id(),
        );
        let mut under_way = UnderWay {
            meta,
            events,
            attempt: attempts + 1,
            span,
            began: match attempts {
                0 => self.site.begin(events),
                _ => site.begin_again(events),
            },
            passed: None,
            due: None,
            refused: None,
        };
        if self.site.middleware.is_engaged() {
            under_way.pass_middleware(&self.site, &work);
        }
        self.under_way = Some(under_way);
        self.caller.as_mut().begin(work);
    }

    /// Polls the call that began; ready once.
    pub(super) fn poll(
        &mut self,
        timer: &mut Timer,
        context: &mut Context<'_>,
    ) -> Poll<(Work, Result<()>)> {
        let result = ready!(self.poll_call(timer, context));
        if result.is_err() {
            self.give_up();
        }
        let work = self.caller.as_mut().end();
        if let Some(under_way) = self.under_way.take() {
            under_way.end(&self.site, &work, &result);
        }
        Poll::Ready((work, result))
    }

    fn poll_call(&mut self, timer: &mut Timer, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Self {
            site,
            caller,
            worker,
            under_way: Some(under_way),
        } = self
        else {
            return Poll::Pending;
        };
        if let Some(refused) = under_way.refused.take() {
            return Poll::Ready(Err(refused));
        }
        let frame = Frame::queued(&site.site.owner, &under_way.meta, *worker);
        let poll = || catch_unwind(AssertUnwindSafe(|| caller.as_mut().poll(context)));
        match under_way.span.in_scope(|| within(&frame, poll)) {
            Ok(Poll::Pending) => {}
            Ok(ready) => return ready,
            Err(panic) => return Poll::Ready(Err(Error::panic(&*panic))),
        }
        ready!(under_way.poll_due(site, timer, context));
        Poll::Ready(Err(Error::timeout(format!(
            "no answer within {:?}",
            site.limit
        ))))
    }

    /// Drops the future of a call that ends early. It is the plugin's, and may panic.
    fn give_up(&mut self) {
        let Some(under_way) = &self.under_way else {
            return;
        };
        let owner = &self.site.site.owner;
        let current = Current {
            worker: Some(self.worker),
            ..owner.handling(&under_way.meta)
        };
        let dropped = guard::call(current, || {
            self.caller.as_mut().give_up();
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::error!(plugin = owner.name(), "a future that was given up {error}");
        }
    }
}

impl Drop for Calls {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl UnderWay {
    fn pass_middleware(&mut self, site: &QueuedSite, work: &Work) {
        match site.middleware.before(&self.calling(site, work)) {
            Ok(()) => self.passed = Some(Instant::now()),
            Err(refused) => self.refused = Some(refused),
        }
    }

    /// Ready when it is late.
    fn poll_due(
        &mut self,
        site: &QueuedSite,
        timer: &mut Timer,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(due) = self.due.or_else(|| Instant::now().checked_add(site.limit)) else {
            return Poll::Pending;
        };
        self.due = Some(due);
        timer.poll(due, context)
    }

    fn end(self, site: &QueuedSite, work: &Work, result: &Result<()>) {
        site.site.took(self.events, self.began);
        if site.middleware.is_engaged() {
            let took = self
                .passed
                .map_or(Duration::ZERO, |passed| passed.elapsed());
            (site.middleware).after(&self.calling(site, work), result, took);
        }
    }

    fn calling<'a>(&self, site: &'a QueuedSite, work: &Work) -> Calling<'a> {
        Calling {
            site: &site.site,
            payloads: work.payloads(),
            attempt: self.attempt,
        }
    }
}
