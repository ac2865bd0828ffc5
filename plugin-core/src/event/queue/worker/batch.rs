//! Batches that wait for more events.

use std::sync::Arc;

use tokio::time::Instant;

use super::work::Work;
use crate::event::queue::job::Job;

/// The open batches, at most one for each handler. A plugin has few handlers.
pub(super) struct Batches {
    open: Vec<OpenBatch>,
    /// The capacity of the mailbox: no batch can be larger.
    capacity: usize,
}

/// A batch that waits for more events.
pub(super) struct OpenBatch {
    work: Work,
    pub(super) due: Instant,
}

impl OpenBatch {
    /// Whether its subscription has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.work.handler().core.has_ended()
    }
}

impl Batches {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            open: Vec::new(),
            capacity,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The time when the first of them stops waiting.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open.iter().map(|batch| batch.due).min()
    }

    /// Adds a job to its batch, and returns the batch if it is full.
    pub(super) fn add(&mut self, job: Job) -> Option<Work> {
        let options = job.handler.core.options;
        let most = options.batch.min(self.capacity);
        let is_of = |batch: &OpenBatch| Arc::ptr_eq(batch.work.handler(), &job.handler);
        let Some(at) = self.open.iter().position(is_of) else {
            let (work, due) = (Work::first_of(job, most), Instant::now() + options.linger);
            self.open.push(OpenBatch { work, due });
            return (most <= 1)
                .then(|| self.open.pop())?
                .map(|batch| batch.work);
        };
        let is_full = self.open[at].work.add(job) >= most;
        is_full.then(|| self.open.swap_remove(at).work)
    }

    /// Takes the batches that wait no longer.
    pub(super) fn take(&mut self, over: impl Fn(&OpenBatch, Instant) -> bool) -> Vec<Work> {
        let now = Instant::now();
        (self.open.extract_if(.., |batch| over(batch, now)))
            .map(|batch| batch.work)
            .collect()
    }
}
