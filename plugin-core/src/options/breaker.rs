//! The circuit breaker: when a handler whose target is down is not called.

use crate::period::Period;

/// A circuit breaker: after a number of failures in a row, a handler is not called for a while.
///
/// Only retriable failures are counted, as for [`Retry`](super::Retry), because they indicate that
/// the handler's target is down. A success, and an external error that is not retriable, show that
/// the target answers, so the count begins anew. Errors of other kinds, including panics, have no
/// effect on the count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breaker {
    /// Number of failed calls in a row after which the handler is not called.
    pub failures: u32,
    /// How long it is not called, before one call tests whether the target works again.
    pub open_for: Period,
}

impl Breaker {
    /// Opens after this number of failures in a row, for half a minute.
    ///
    /// # Panics
    ///
    /// Panics if `failures` is zero.
    #[must_use]
    pub const fn new(failures: u32) -> Self {
        assert!(failures > 0, "`breaker` is at least 1");
        Self {
            failures,
            ..Self::DEFAULT
        }
    }

    /// The default options of a breaker.
    pub const DEFAULT: Self = Self {
        failures: 5,
        open_for: Period::seconds(30),
    };
}
