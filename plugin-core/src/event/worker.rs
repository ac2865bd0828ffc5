//! The task of an instance that takes events out of its mailbox and calls the handlers.
//!
//! Order: the events of one handler are handled in the order in which they were accepted, unless
//! its `concurrency` is more than one. A batch handler's events wait until the batch is full, its
//! `linger` is over, or the mailbox is closed.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::any::Payload;
use super::handler::{QueuedCall, QueuedSite};
use super::mailbox::{Job, Mailbox};
use crate::context::Current;
use crate::error::{Error, Result};
use crate::guard;

/// Most jobs taken out of the mailbox at once.
const TAKE: usize = 64;

pub(crate) struct Worker {
    mailbox: Arc<Mailbox>,
    batches: HashMap<usize, OpenBatch>,
    running: JoinSet<()>,
    /// How many more calls each handler of concurrent calls may have.
    concurrent: HashMap<usize, Arc<Semaphore>>,
}

/// What one call of a handler is for.
struct Work {
    first: Job,
    /// The rest of a batch.
    rest: Vec<Job>,
}

/// A batch that waits for more.
struct OpenBatch {
    work: Work,
    due: Instant,
}

impl Worker {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self {
            mailbox,
            batches: HashMap::new(),
            running: JoinSet::new(),
            concurrent: HashMap::new(),
        }
    }

    /// Handles events until the mailbox is closed and empty.
    pub(crate) async fn run(mut self) {
        let mailbox = Arc::clone(&self.mailbox);
        let mut jobs = Vec::with_capacity(TAKE);
        loop {
            let due = self.batches.values().map(|batch| batch.due).min();
            let open = tokio::select! {
                open = mailbox.take(&mut jobs) => open,
                () = sleep_until(due) => {
                    self.flush_due(Instant::now()).await;
                    continue;
                }
            };
            if !open {
                break;
            }
            for job in jobs.drain(..) {
                self.handle(job).await;
                // Handlers that never wait must not keep the thread for themselves.
                tokio::task::consume_budget().await;
            }
            self.flush_due(Instant::now()).await;
        }
        for batch in std::mem::take(&mut self.batches).into_values() {
            self.call(batch.work).await;
        }
        while self.running.join_next().await.is_some() {}
    }

    async fn handle(&mut self, job: Job) {
        if let QueuedCall::One(_) = job.site.call {
            return self.call(Work::of(job)).await;
        }
        let key = address(&job.site);
        let options = job.site.site.options;
        let gathered = match self.batches.entry(key) {
            Entry::Occupied(batch) => batch.into_mut().work.add(job),
            Entry::Vacant(none) => {
                let (work, due) = (Work::of(job), Instant::now() + options.linger);
                none.insert(OpenBatch { work, due }).work.len()
            }
        };
        if gathered >= options.batch.min(self.mailbox.capacity()) {
            self.flush(key).await;
        }
    }

    async fn flush_due(&mut self, now: Instant) {
        let due: Vec<_> = (self.batches.iter())
            .filter(|(_, batch)| batch.due <= now)
            .map(|(&key, _)| key)
            .collect();
        for key in due {
            self.flush(key).await;
        }
    }

    async fn flush(&mut self, key: usize) {
        if let Some(batch) = self.batches.remove(&key) {
            self.call(batch.work).await;
        }
    }

    /// Calls a handler here, or beside others when it allows that.
    async fn call(&mut self, work: Work) {
        let worker = self.mailbox.uid();
        let most = work.site().site.options.concurrency;
        if most <= 1 {
            return serve(work, worker).await;
        }
        let calls = (self.concurrent.entry(address(work.site())))
            .or_insert_with(|| Arc::new(Semaphore::new(most)));
        let Ok(call) = Arc::clone(calls).acquire_owned().await else {
            return;
        };
        while self.running.try_join_next().is_some() {}
        self.running.spawn(async move {
            serve(work, worker).await;
            drop(call);
        });
    }
}

impl Work {
    fn of(job: Job) -> Self {
        Self {
            first: job,
            rest: Vec::new(),
        }
    }

    fn site(&self) -> &Arc<QueuedSite> {
        &self.first.site
    }

    fn len(&self) -> usize {
        1 + self.rest.len()
    }

    /// Adds a job of the same handler, and says how many there are.
    fn add(&mut self, job: Job) -> usize {
        self.rest.push(job);
        self.len()
    }

    /// Gives the places in the mailbox to others: the handler is called now.
    fn begin(&mut self) {
        self.first.begin();
        self.rest.iter_mut().for_each(Job::begin);
    }

    fn payloads(&self) -> Vec<Arc<dyn Payload>> {
        let jobs = std::iter::once(&self.first).chain(&self.rest);
        jobs.map(|job| Arc::clone(&job.payload)).collect()
    }
}

fn address(site: &Arc<QueuedSite>) -> usize {
    Arc::as_ptr(site).addr()
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// One call of a handler: guarded, limited, counted, measured now and then, acknowledged.
async fn serve(mut work: Work, worker: usize) {
    if work.site().site.has_ended() {
        return work.site().mailbox.handled(work.len());
    }
    work.begin();
    let (site, payload) = (&work.site().site, &work.first.payload);
    let (meta, events) = (payload.meta(), work.len() as u64);
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
    let began = site.begin(events);
    let result = tracing::Instrument::instrument(invoke(&work, current), span).await;
    site.end(meta, events, began, &result);
    acknowledge(work, &result);
}

async fn invoke(work: &Work, current: Current) -> Result<()> {
    let site = work.site();
    let future = guard::call(current, || {
        Ok(match &site.call {
            QueuedCall::One(call) => call(Arc::clone(&work.first.payload)),
            QueuedCall::Batch(call) => call(work.payloads()),
        })
    })?;
    guard::run(current, site.limit, future).await
}

fn acknowledge(work: Work, result: &Result<()>) {
    work.site().mailbox.handled(work.len());
    for job in std::iter::once(work.first).chain(work.rest) {
        job.acknowledge(result.as_ref().map(|&()| ()).map_err(Error::same));
    }
}
