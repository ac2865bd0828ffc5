//! When to come again.

use std::time::Duration;

use super::Error;

/// The longest pause that an error can ask for: an event should not wait a year because a server
/// says so.
pub(crate) const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

impl Error {
    /// Says when trying again may help: not before so long after the error. It is what HTTP calls
    /// `Retry-After`.
    ///
    /// The next call of a handler with `retry` comes no earlier, though no later than an hour
    /// after the error, and not before the pause of its `backoff` is over either. How often the
    /// handler is called does not change, nor does the error become one that is tried again: that
    /// is said by its [`kind`](Error::kind). `api-plugin` passes the time on as `Retry-After`.
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

    /// When trying again may help, if it is known: so long after the error.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.after
    }
}
