//! The result of an event: it is in the backlog until each handler has an outcome. If a handler
//! fails, the event waits for its retry or for the handler's circuit breaker, and finally becomes a
//! dead letter.

pub(super) mod backlog;
pub(super) mod breaker;
pub(super) mod dead_letters;
pub(super) mod jitter;

use crate::error::Result;

/// The outcome of one handler for an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct HandlerOutcome {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the handler.
    pub handler: &'static str,
    /// The result that it returned.
    pub result: Result<()>,
}
