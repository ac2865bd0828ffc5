//! What keeps its order while one of its events waits for a retry.

use std::sync::Arc;

use super::handler::QueuedSite;
use super::job::Job;

/// The events that a handler takes one after the other: those of a key, if there are keys. A
/// handler with `concurrency` promises no order, so its events have no lane here; with keys as
/// well, its [`Lanes`](crate::event::queue::worker::lanes::Lanes) keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::event) struct Lane {
    handler: usize,
    key: Option<u64>,
}

impl Lane {
    pub(in crate::event) fn of(job: &Job) -> Option<Self> {
        // A batch has events of several keys, and is tried again as one.
        let key = job.key().filter(|_| !job.site.call.is_batch());
        (job.site.site.options.concurrency <= 1).then(|| Self {
            handler: address(&job.site),
            key,
        })
    }
}

/// Tells one handler from every other that lives.
pub(in crate::event) fn address(site: &Arc<QueuedSite>) -> usize {
    Arc::as_ptr(site).addr()
}
