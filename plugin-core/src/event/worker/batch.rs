//! Batches that wait for more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use tokio::time::Instant;

use super::work::Work;
use crate::event::job::Job;
use crate::event::lane::address;

/// The open batches, by handler.
pub(super) struct Batches {
    open: HashMap<usize, OpenBatch>,
    /// What the mailbox holds: no batch can be larger.
    capacity: usize,
}

/// A batch that waits for more.
pub(super) struct OpenBatch {
    work: Work,
    pub(super) due: Instant,
}

impl Batches {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            open: HashMap::new(),
            capacity,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// When the first of them waits no longer.
    pub(super) fn due(&self) -> Option<Instant> {
        self.open.values().map(|batch| batch.due).min()
    }

    /// Adds a job to its batch, which comes out if it is full.
    pub(super) fn add(&mut self, job: Job) -> Option<Work> {
        let (key, options) = (address(&job.site), job.site.site.options);
        let gathered = match self.open.entry(key) {
            Entry::Occupied(batch) => batch.into_mut().work.add(job),
            Entry::Vacant(none) => {
                let (work, due) = (Work::of(job), Instant::now() + options.linger);
                none.insert(OpenBatch { work, due }).work.len()
            }
        };
        let is_full = gathered >= options.batch.min(self.capacity);
        (is_full.then(|| self.open.remove(&key)).flatten()).map(|batch| batch.work)
    }

    /// Takes the batches out that wait no longer.
    pub(super) fn take(&mut self, over: impl Fn(&OpenBatch, Instant) -> bool) -> Vec<Work> {
        let now = Instant::now();
        (self.open.extract_if(|_, batch| over(batch, now)))
            .map(|(_, batch)| batch.work)
            .collect()
    }
}
