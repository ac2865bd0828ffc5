//! How a method that answers requests is served.

use std::time::Duration;

/// How a method that answers is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RespondOptions {
    /// Time limit of one call; `None` takes the plugin's `timeout`. The requester has one, too.
    pub timeout: Option<Duration>,
    /// Calls that may run at once; further requests wait.
    pub concurrency: usize,
}

impl RespondOptions {
    /// The options of a bare `#[respond]`. Requests come in no order that could be kept, so many
    /// are answered side by side.
    pub const DEFAULT: Self = Self {
        timeout: None,
        concurrency: 64,
    };

    /// Sets the time limit of one call.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how many calls may run at once.
    ///
    /// # Panics
    ///
    /// When `concurrency` is zero.
    #[must_use]
    pub const fn concurrency(mut self, concurrency: usize) -> Self {
        assert!(concurrency > 0, "`concurrency` is at least 1");
        self.concurrency = concurrency;
        self
    }
}

impl Default for RespondOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}
