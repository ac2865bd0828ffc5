//! What one call of a handler is for, and the call itself.

use std::sync::Arc;
use std::time::Duration;

use crate::context::Current;
use crate::error::{Error, Result};
use crate::event::any::Payload;
use crate::event::handler::{QueuedCall, QueuedSite};
use crate::event::job::Job;
use crate::event::lane::Lane;
use crate::event::middleware::Calling;
use crate::guard;

/// One event, or a batch, which is tried again as a whole.
pub(super) struct Work {
    first: Job,
    /// The rest of a batch.
    rest: Vec<Job>,
}

impl Work {
    pub(super) fn of(job: Job) -> Self {
        Self {
            first: job,
            rest: Vec::new(),
        }
    }

    pub(super) fn site(&self) -> &Arc<QueuedSite> {
        &self.first.site
    }

    pub(super) fn lane(&self) -> Option<Lane> {
        Lane::of(&self.first)
    }

    /// The key of its event, if that has one.
    pub(super) fn key(&self) -> Option<u64> {
        self.first.turn.as_ref().map(|turn| turn.key)
    }

    /// Whether its handler was called before.
    pub(super) fn is_retry(&self) -> bool {
        self.first.attempts() > 0
    }

    pub(super) fn len(&self) -> usize {
        1 + self.rest.len()
    }

    /// Adds a job of the same handler, and says how many there are.
    pub(super) fn add(&mut self, job: Job) -> usize {
        self.rest.push(job);
        self.len()
    }

    /// The pause before the next call, without jitter.
    pub(super) fn pause(&self) -> Duration {
        let retry = self.site().site.options.retry;
        retry.map_or(Duration::ZERO, |retry| {
            retry.backoff.pause(self.first.attempts())
        })
    }

    /// Tells the operator that there will be another call.
    pub(super) fn tell(&self, pause: Duration) {
        let site = &self.site().site;
        tracing::warn!(
            plugin = site.owner.name(),
            handler = site.handler,
            topic = %site.topic,
            event = %self.first.payload.meta().id,
            retry = self.first.attempts(),
            of = site.options.retry.map_or(0, |retry| retry.retries),
            ?pause,
            "handler failed, will be called again: {}",
            self.first.last_error()
        );
    }

    /// One call of the handler: guarded, limited, counted, measured now and then, acknowledged.
    /// What is to be tried again comes back.
    pub(super) async fn serve(mut self, worker: usize) -> Option<Self> {
        if self.site().site.has_ended() {
            self.into_jobs().for_each(Job::discard);
            return None;
        }
        self.jobs_mut().for_each(Job::begin);
        let result = self.call(worker).await;
        let Err(error) = result else {
            self.succeed().await;
            return None;
        };
        self.site().site.count_failure(&error);
        self.jobs_mut().for_each(|job| job.failed(&error));
        if self.may_retry(&error) {
            return Some(self);
        }
        self.bury(&error).await;
        None
    }

    async fn call(&self, worker: usize) -> Result<()> {
        let (site, payload) = (&self.site().site, &self.first.payload);
        let (meta, events) = (payload.meta(), self.len() as u64);
        let current = Current {
            worker: Some(worker),
            ..site.owner.handling(&meta)
        };
        let span = tracing::info_span!(
            "event",
            plugin = site.owner.name(),
            topic = payload.topic(),
            event = %meta.id,
            trace_id = %meta.trace().trace_id(),
            span_id = %meta.trace().span_id(),
        );
        let began = match self.first.attempts() {
            0 => site.begin(events),
            _ => site.begin_again(events),
        };
        let result = tracing::Instrument::instrument(self.intercepted(current), span).await;
        site.took(events, began);
        result
    }

    /// The call, with what middleware there is before and after it.
    async fn intercepted(&self, current: Current) -> Result<()> {
        let (site, call) = (self.site(), self.invoke(current));
        if !site.middleware.is_engaged() {
            return call.await;
        }
        let calling = Calling {
            site: &site.site,
            payloads: self.payloads(),
            attempt: self.first.attempts() + 1,
        };
        site.middleware.around(calling, call).await
    }

    async fn invoke(&self, current: Current) -> Result<()> {
        let site = self.site();
        let future = guard::call(current, || {
            Ok(match &site.call {
                QueuedCall::One(call) => call(Arc::clone(&self.first.payload)),
                QueuedCall::Batch(call) => call(self.payloads()),
            })
        })?;
        guard::run(current, site.limit, future).await
    }

    fn may_retry(&self, error: &Error) -> bool {
        let retry = self.site().site.options.retry;
        error.kind().is_retriable()
            && retry.is_some_and(|retry| self.first.attempts() <= retry.retries)
    }

    async fn succeed(mut self) {
        self.jobs_mut().for_each(Job::leave);
        for job in self.into_jobs() {
            job.succeed().await;
        }
    }

    async fn bury(self, error: &Error) {
        self.site().site.tell(self.first.payload.meta(), error);
        for job in self.into_jobs() {
            job.bury(error).await;
        }
    }

    fn payloads(&self) -> Vec<Arc<dyn Payload>> {
        let jobs = std::iter::once(&self.first).chain(&self.rest);
        jobs.map(|job| Arc::clone(&job.payload)).collect()
    }

    fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        std::iter::once(&mut self.first).chain(&mut self.rest)
    }

    fn into_jobs(self) -> impl Iterator<Item = Job> {
        std::iter::once(self.first).chain(self.rest)
    }
}
