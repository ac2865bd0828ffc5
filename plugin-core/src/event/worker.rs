//! The task of an instance that takes events out of its mailbox and calls the handlers.
//!
//! Order: the events of one handler are handled in the order in which they were accepted, unless
//! its `concurrency` is more than one: then those of one key are. A batch handler's events wait
//! until the batch is full, its `linger` is over, or the mailbox is closed. While an event waits
//! for its retry, the later ones of its lane wait behind it in the mailbox, and all others are
//! handled.

mod batch;
mod beside;
mod parked;
mod work;

use std::sync::Arc;

use tokio::time::Instant;

use super::handler::QueuedCall;
use super::job::Job;
use super::mailbox::Mailbox;
use batch::Batches;
use beside::Beside;
use parked::Parked;
use work::Work;

/// Most jobs taken out of the mailbox at once.
const TAKE: usize = 64;

pub(crate) struct Worker {
    mailbox: Arc<Mailbox>,
    batches: Batches,
    /// What waits for its retry.
    parked: Parked,
    beside: Beside,
}

impl Worker {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self {
            batches: Batches::new(mailbox.capacity()),
            beside: Beside::new(mailbox.uid()),
            mailbox,
            parked: Parked::new(),
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
                Some(failed) = self.beside.ended() => self.park_all(failed),
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
        !self.batches.is_empty() || !self.parked.is_empty() || !self.beside.is_empty()
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
        if work.site().site.options.concurrency <= 1 {
            let failed = work.serve(self.mailbox.uid()).await;
            return failed.is_some_and(|work| self.park(work));
        }
        let failed = self.beside.reap();
        self.park_all(failed);
        self.beside.call(work).await;
        false
    }

    fn park_all(&mut self, failed: impl IntoIterator<Item = Work>) {
        for work in failed {
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
