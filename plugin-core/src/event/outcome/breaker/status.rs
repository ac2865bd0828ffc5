//! The status of a circuit breaker for observers.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

/// The state of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum BreakerState {
    /// The handler is called.
    Closed,
    /// The handler is not called.
    Open,
    /// One call tests whether the target works again.
    HalfOpen,
}

/// The status of a handler's circuit breaker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct BreakerStatus {
    /// Name of the handler.
    pub handler: &'static str,
    /// Its state.
    pub state: BreakerState,
    /// Failures in a row so far; if it is not closed, the number of failures that opened it.
    pub failures: u32,
    /// How often it has opened since the plugin runs.
    pub opened: u64,
    /// If it is open: the time until a call tests whether the target works again.
    #[serde(
        rename = "next_probe_ms",
        skip_serializing_if = "Option::is_none",
        serialize_with = "millis"
    )]
    #[schemars(with = "Option<u64>")]
    pub next_probe: Option<Duration>,
}

#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
fn millis<S: serde::Serializer>(left: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    let millis = |left: Duration| u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    left.map(millis).serialize(serializer)
}
