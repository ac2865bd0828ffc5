//! The options of retries.

use crate::backoff::Backoff;

/// How often, and after which pauses, a handler is called again with an event that it failed to
/// handle.
///
/// Only a failure that may be temporary is retried: see
/// [`ErrorKind::is_retriable`](crate::ErrorKind).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// Most retries after the first call.
    pub retries: u32,
    /// The pauses before the retries. Each real pause is random, between half of this value and the
    /// whole value.
    pub backoff: Backoff,
}

impl Retry {
    /// Allows this number of retries, with pauses of [`Backoff::DEFAULT`].
    ///
    /// # Panics
    ///
    /// Panics if `retries` is zero.
    #[must_use]
    pub const fn new(retries: u32) -> Self {
        assert!(retries > 0, "`retry` is at least 1");
        Self {
            retries,
            backoff: Backoff::DEFAULT,
        }
    }
}
