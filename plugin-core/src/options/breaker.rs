//! The circuit breaker: when a handler whose target is down is not called.

use crate::period::Period;

/// A circuit breaker: after so many failures in a row a handler is not called for a while.
///
/// Only failures that may pass are counted, as for [`Retry`](super::Retry): they say something of
/// what the handler talks to. After a success, and after an external error that is not worth a
/// retry, the target answers, and the count begins anew. Errors of other kinds, panics among them,
/// say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breaker {
    /// Calls in a row that fail before the handler is left alone.
    pub failures: u32,
    /// How long it is left alone, before one call tries whether the target is back.
    pub open_for: Period,
}

impl Breaker {
    /// Opens after so many failures in a row, for half a minute.
    ///
    /// # Panics
    ///
    /// When `failures` is zero.
    #[must_use]
    pub const fn new(failures: u32) -> Self {
        assert!(failures > 0, "`breaker` is at least 1");
        Self {
            failures,
            ..Self::DEFAULT
        }
    }

    /// What holds of a breaker where nothing else is said.
    pub const DEFAULT: Self = Self {
        failures: 5,
        open_for: Period::seconds(30),
    };
}
