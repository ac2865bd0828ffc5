//! The task of an instance that takes events out of its mailbox and calls the handlers.
//!
//! Order: the events of one handler are handled in the order in which they were accepted, unless
//! its `concurrency` is more than one. A batch handler's events wait until the batch is full, its
//! `linger` is over, or the mailbox is closed. While an event waits for its retry, the later ones
//! of its lane wait behind it in the mailbox, and all others are handled.

mod batch;
mod parked;
mod work;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::handler::QueuedCall;
use super::job::Job;
use super::lane::address;
use super::mailbox::Mailbox;
use batch::Batches;
use parked::Parked;
use work::Work;

/// Most jobs taken out of the mailbox at once.
const TAKE: usize = 64;

pub(crate) struct Worker {
    mailbox: Arc<Mailbox>,
    batches: Batches,
    /// What waits for its retry.
    parked: Parked,
    /// Concurrent calls; each returns what is to be tried again.
    running: JoinSet<Option<Work>>,
    /// How many more calls each handler of concurrent calls may have.
    concurrent: HashMap<usize, Arc<Semaphore>>,
}

impl Worker {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self {
            batches: Batches::new(mailbox.capacity()),
            mailbox,
            parked: Parked::new(),
            running: JoinSet::new(),
            concurrent: HashMap::new(),
        }
    }

    /// Handles events until the mailbox is closed and empty, and nothing waits for a retry.
    pub(crate) async fn run(mut self) {
        let mailbox = Arc::clone(&self.mailbox);
        let mut jobs = Vec::with_capacity(TAKE);
        let mut open = true;
        while open || self.has_work() {
            let due = [self.batches.due(), self.parked.due()];
            tokio::select! {
                more = mailbox.take(&mut jobs), if open => open = more,
                Some(ended) = self.running.join_next() => self.reap(ended),
                () = sleep_until(due.into_iter().flatten().min()) => {}
            }
            for job in jobs.drain(..) {
                self.handle(job).await;
                // Handlers that never wait must not keep the thread for themselves.
                tokio::task::consume_budget().await;
            }
            self.retry_due().await;
            self.flush(|batch, now| !open || batch.due <= now).await;
        }
    }

    fn has_work(&self) -> bool {
        !self.batches.is_empty() || !self.parked.is_empty() || !self.running.is_empty()
    }

    async fn handle(&mut self, job: Job) {
        let Some(job) = self.hold_back(job) else {
            return;
        };
        let work = match job.site.call {
            QueuedCall::One(_) => Some(Work::of(job)),
            QueuedCall::Batch(_) => self.batches.add(job),
        };
        if let Some(work) = work {
            self.call(work).await;
        }
    }

    /// Lets a job wait if its lane waits for a retry.
    fn hold_back(&self, job: Job) -> Option<Job> {
        if self.parked.is_empty() {
            return Some(job);
        }
        self.mailbox.hold_back(job)
    }

    /// Calls the handlers of batches that wait no longer.
    async fn flush(&mut self, over: impl Fn(&batch::OpenBatch, Instant) -> bool) {
        if self.batches.is_empty() {
            return;
        }
        for work in self.batches.take(over) {
            self.call(work).await;
        }
    }

    /// Tries again what is due, each time with all that waited behind it.
    async fn retry_due(&mut self) {
        while let Some(work) = self.parked.pop_due() {
            let lane = work.lane();
            if self.call(work).await {
                continue;
            }
            let Some(lane) = lane else { continue };
            for job in self.mailbox.release(lane) {
                self.handle(job).await;
                tokio::task::consume_budget().await;
            }
        }
    }

    /// Calls a handler here, or beside others when it allows that; `true` if it will be called
    /// again.
    async fn call(&mut self, work: Work) -> bool {
        let worker = self.mailbox.uid();
        let most = work.site().site.options.concurrency;
        if most <= 1 {
            let failed = work.serve(worker).await;
            return failed.is_some_and(|work| self.park(work));
        }
        let calls = (self.concurrent.entry(address(work.site())))
            .or_insert_with(|| Arc::new(Semaphore::new(most)));
        let Ok(call) = Arc::clone(calls).acquire_owned().await else {
            return false;
        };
        while let Some(ended) = self.running.try_join_next() {
            self.reap(ended);
        }
        self.running.spawn(async move {
            let failed = work.serve(worker).await;
            drop(call);
            failed
        });
        false
    }

    /// Takes what a concurrent call left to do.
    fn reap(&mut self, ended: Result<Option<Work>, JoinError>) {
        // Handlers are guarded, and nobody aborts a call: it has ended.
        if let Ok(Some(work)) = ended {
            self.park(work);
        }
    }

    /// Lets what failed wait for its retry, and its lane behind it.
    fn park(&mut self, work: Work) -> bool {
        if let Some(lane) = work.lane() {
            self.mailbox.hold(lane);
        }
        self.parked.push(work);
        true
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
