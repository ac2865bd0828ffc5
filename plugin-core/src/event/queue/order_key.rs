//! The order key of a job: the jobs of one are handled in their order, also while one of them waits
//! for a retry.

use std::sync::Arc;

/// The events that a handler takes one after the other: those of a key, if there are keys. A
/// handler with `concurrency` promises no order, so its events have none; with keys as well, its
/// worker keeps their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::event) struct OrderKey {
    handler: usize,
    key: Option<u64>,
}

/// Tells one handler from every other that lives.
pub(in crate::event) fn address<T>(handler: &Arc<T>) -> usize {
    Arc::as_ptr(handler).addr()
}

impl OrderKey {
    /// That of a handler's events, or of those of one key.
    pub(in crate::event) fn new(handler: usize, key: Option<u64>) -> Self {
        Self { handler, key }
    }
}
