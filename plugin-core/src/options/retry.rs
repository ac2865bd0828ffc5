//! How a failed event is tried again.

use crate::backoff::Backoff;

/// How often, and after which pauses, a handler is called again with an event that it failed with.
///
/// Only a failure that may pass is worth it: see [`ErrorKind::is_retriable`](crate::ErrorKind).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Most calls after the first one.
    pub retries: u32,
    /// The pauses before them. What is kept of each is random: between its half and all of it.
    pub backoff: Backoff,
}

impl Retry {
    /// So many calls after the first one, with pauses of [`Backoff::DEFAULT`].
    ///
    /// # Panics
    ///
    /// When `retries` is zero.
    #[must_use]
    pub const fn new(retries: u32) -> Self {
        assert!(retries > 0, "`retry` is at least 1");
        Self {
            retries,
            backoff: Backoff::DEFAULT,
        }
    }
}
