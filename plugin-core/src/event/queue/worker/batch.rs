//! Batches that wait for more.

use std::sync::Arc;

use tokio::time::Instant;

use super::work::Work;
use crate::event::queue::job::Job;

/// The open batches, one of a handler at most. A plugin has few handlers.
pub(super) struct Batches {
    open: Vec<OpenBatch>,
    /// What the mailbox holds: no batch can be larger.
    capacity: usize,
}

/// A batch that waits for more.
pub(super) struct OpenBatch {
    work: Work,
    pub(super) due: Instant,
}

impl OpenBatch {
    /// Whether its subscription has.
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

    /// When the first of them waits no longer.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open.iter().map(|batch| batch.due).min()
    }

    /// Adds a job to its batch, which comes out if it is full.
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

    /// Takes the batches out that wait no longer.
    pub(super) fn take(&mut self, over: impl Fn(&OpenBatch, Instant) -> bool) -> Vec<Work> {
        let now = Instant::now();
        (self.open.extract_if(.., |batch| over(batch, now)))
            .map(|batch| batch.work)
            .collect()
    }
}
