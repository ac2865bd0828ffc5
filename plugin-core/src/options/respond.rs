//! The options of a method that answers requests.

use std::time::Duration;

/// The options of a method that answers requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RespondOptions {
    /// Time limit of one call; `None` means the plugin's `timeout`. The requester has its own limit
    /// as well.
    pub timeout: Option<Duration>,
    /// Calls that may run at once; further requests wait.
    pub concurrency: usize,
}

impl RespondOptions {
    /// The options of `#[respond]` without arguments. Requests have no order that could be kept, so
    /// many are answered at the same time.
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
    /// Panics if `concurrency` is zero.
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
