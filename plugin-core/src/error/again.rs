//! The time after which a retry may help.

use std::time::Duration;

use super::Error;

/// The longest pause that an error can ask for, so that a server can't delay an event for a year.
pub(crate) const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

impl Error {
    /// Sets the time after the error before which a retry will not help. HTTP calls this
    /// `Retry-After`.
    ///
    /// The next call of a handler with `retry` is not made before this time, but at the latest an
    /// hour after the error, and not before the pause of its `backoff` is over. The number of calls
    /// does not change, and the error does not become retriable: that depends on its
    /// [`kind`](Error::kind). `api-plugin` passes the time to the caller as `Retry-After`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use plugin_core::Error;
    ///
    /// let later = Error::retriable("too many logins").after(Duration::from_secs(2));
    /// assert_eq!(later.retry_after(), Some(Duration::from_secs(2)));
    /// assert_eq!(Error::retriable("no room").retry_after(), None);
    /// ```
    #[must_use]
    pub fn after(mut self, pause: Duration) -> Self {
        self.0.after = Some(pause);
        self
    }

    /// The time after the error from which a retry may help, if it is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.after
    }
}
