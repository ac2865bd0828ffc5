//! What keeps its order while one of its events waits for a retry.

use std::sync::Arc;

use super::handler::QueuedSite;
use super::job::Job;

/// The events that a handler takes one after the other. A handler with `concurrency` promises no
/// order, so its events have no lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Lane(usize);

impl Lane {
    pub(super) fn of(job: &Job) -> Option<Self> {
        (job.site.site.options.concurrency <= 1).then(|| Self(address(&job.site)))
    }
}

/// Tells one handler from every other that lives.
pub(super) fn address(site: &Arc<QueuedSite>) -> usize {
    Arc::as_ptr(site).addr()
}
