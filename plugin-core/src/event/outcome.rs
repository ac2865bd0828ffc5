//! What a handler answered.

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
