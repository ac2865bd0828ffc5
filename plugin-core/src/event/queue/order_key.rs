//! The order key of a job: jobs with the same order key are handled in their order, even while one
//! of them waits for a retry.

use std::sync::Arc;

/// Identifies the events that a handler handles one after the other: the events of one key, or all
/// events if there are no keys. A handler with `concurrency` guarantees no order, so its events
/// have no order key; if it has keys as well, its worker keeps their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::event) struct OrderKey {
    handler: usize,
    key: Option<u64>,
}

/// A number that identifies a handler as long as it exists.
pub(in crate::event) fn address<T>(handler: &Arc<T>) -> usize {
    Arc::as_ptr(handler).addr()
}

impl OrderKey {
    /// The order key of a handler's events, or of its events with one key.
    pub(in crate::event) fn new(handler: usize, key: Option<u64>) -> Self {
        Self { handler, key }
    }
}
