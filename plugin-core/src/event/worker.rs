//! The task of an instance that takes events out of its mailbox and calls the handlers.
//!
//! Order: the events of one handler are handled in the order in which they were accepted, unless
//! its `concurrency` is more than one. A batch handler's events wait until the batch is full, its
//! `linger` is over, or the mailbox is closed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

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

/// A batch that waits for more.
struct OpenBatch {
    site: Arc<QueuedSite>,
    jobs: Vec<Job>,
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
        loop {
            let due = self.batches.values().map(|batch| batch.due).min();
            let taken = tokio::select! {
                taken = mailbox.take(TAKE) => taken,
                () = sleep_until(due) => {
                    self.flush_due(Instant::now()).await;
                    continue;
                }
            };
            let Some(jobs) = taken else { break };
            for job in jobs {
                self.handle(job).await;
            }
            self.flush_due(Instant::now()).await;
        }
        for batch in std::mem::take(&mut self.batches).into_values() {
            self.call(&batch.site, batch.jobs).await;
        }
        while self.running.join_next().await.is_some() {}
    }

    async fn handle(&mut self, job: Job) {
        let site = Arc::clone(&job.site);
        if let QueuedCall::One(_) = site.call {
            return self.call(&site, vec![job]).await;
        }
        let key = address(&site);
        let options = site.site.options;
        let batch = self.batches.entry(key).or_insert_with(|| OpenBatch {
            site,
            jobs: Vec::new(),
            due: Instant::now() + options.linger,
        });
        batch.jobs.push(job);
        if batch.jobs.len() >= options.batch.min(self.mailbox.capacity()) {
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
            self.call(&batch.site, batch.jobs).await;
        }
    }

    /// Calls a handler here, or beside others when it allows that.
    async fn call(&mut self, site: &Arc<QueuedSite>, jobs: Vec<Job>) {
        let worker = self.mailbox.uid();
        let most = site.site.options.concurrency;
        if most <= 1 {
            return serve(site, jobs, Some(worker)).await;
        }
        let calls = (self.concurrent.entry(address(site)))
            .or_insert_with(|| Arc::new(Semaphore::new(most)));
        let Ok(call) = Arc::clone(calls).acquire_owned().await else {
            return;
        };
        while self.running.try_join_next().is_some() {}
        let site = Arc::clone(site);
        self.running.spawn(async move {
            serve(&site, jobs, Some(worker)).await;
            drop(call);
        });
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

/// One call of a handler: guarded, limited, measured, counted, acknowledged.
async fn serve(site: &Arc<QueuedSite>, mut jobs: Vec<Job>, worker: Option<usize>) {
    if site.site.has_ended() {
        return site.mailbox.handled(jobs.len());
    }
    for job in &mut jobs {
        job.begin();
    }
    let Some(first) = jobs.first() else { return };
    let meta = first.payload.meta();
    let current = Current {
        worker,
        ..site.site.owner.handling(meta.id)
    };
    let span = tracing::info_span!(
        "event",
        plugin = site.site.owner.name(),
        topic = first.payload.topic(),
        event = %meta.id
    );
    let payloads: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.payload)).collect();
    let started = std::time::Instant::now();
    let call = tracing::Instrument::instrument(invoke(site, current, payloads), span);
    let result = call.await;
    site.site
        .record(meta, jobs.len() as u64, started.elapsed(), &result);
    acknowledge(site, jobs, &result);
}

async fn invoke(
    site: &Arc<QueuedSite>,
    current: Current,
    mut payloads: Vec<Arc<dyn Payload>>,
) -> Result<()> {
    let limit: Duration = site.limit;
    let future = guard::call(current, || {
        Ok(match (&site.call, payloads.pop()) {
            (QueuedCall::One(call), Some(payload)) => call(payload),
            (QueuedCall::Batch(call), Some(last)) => {
                payloads.push(last);
                call(std::mem::take(&mut payloads))
            }
            (_, None) => Box::pin(std::future::ready(Ok(()))),
        })
    })?;
    guard::run(current, limit, future).await
}

fn acknowledge(site: &Arc<QueuedSite>, jobs: Vec<Job>, result: &Result<()>) {
    site.mailbox.handled(jobs.len());
    for job in jobs {
        job.acknowledge(result.as_ref().map(|&()| ()).map_err(Error::same));
    }
}
