//! What keeps its order while one of its events waits for a retry.

use std::sync::Arc;

/// The events that a handler takes one after the other: those of a key, if there are keys. A
/// handler with `concurrency` promises no order, so its events have no lane here; with keys as
/// well, its [`Lanes`](crate::event::queue::worker::lanes::Lanes) keep their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::event) struct Lane {
    handler: usize,
    key: Option<u64>,
}

/// Tells one handler from every other that lives.
pub(in crate::event) fn address<T>(handler: &Arc<T>) -> usize {
    Arc::as_ptr(handler).addr()
}

impl Lane {
    /// The lane of a handler's events, or of those of one key.
    pub(in crate::event) fn new(handler: usize, key: Option<u64>) -> Self {
        Self { handler, key }
    }
}
