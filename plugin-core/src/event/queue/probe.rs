//! The state of a job with respect to the circuit breaker of its handler.

/// The state of a job with respect to the circuit breaker of its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::event) enum ProbeState {
    /// It has not met the breaker yet.
    #[default]
    Never,
    /// It waits.
    Shut,
    /// It is the probe that shows whether the target works again.
    Probe,
    /// It has waited, and may be called now.
    Passed,
}
