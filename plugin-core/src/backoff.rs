//! The length of the pauses between attempts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::period::Period;

/// A pause that doubles after each attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Backoff {
    /// The first pause.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub initial: Period,
    /// The longest pause.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub max: Period,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Backoff {
    /// From 200 milliseconds to ten seconds.
    pub const DEFAULT: Self = Self {
        initial: Period::millis(200),
        max: Period::seconds(10),
    };

    /// The pause after a number of failures, counted from 1.
    #[must_use]
    pub fn pause(&self, failures: u32) -> std::time::Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let pause = self.initial.get().saturating_mul(1 << doublings);
        pause.min(self.max.get())
    }
}
