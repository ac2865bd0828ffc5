//! What becomes of an event: it is in the backlog until each handler has come to an outcome; one that
//! failed waits for its retry, or for the circuit breaker of its handler, and is a dead letter in
//! the end.

pub(super) mod backlog;
pub(super) mod breaker;
pub(super) mod dead_letters;
pub(super) mod jitter;

use crate::error::Result;

/// What one handler made of an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct HandlerOutcome {
    /// Name of the plugin.
    pub plugin: &'static str,
    /// Name of the handler.
    pub handler: &'static str,
    /// What it returned.
    pub result: Result<()>,
}
