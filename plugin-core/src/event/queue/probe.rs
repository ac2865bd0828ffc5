//! How far a job has come with the circuit breaker of its handler.

/// What a job has to do with the breaker of its handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::event) enum ProbeState {
    /// Nothing yet.
    #[default]
    Never,
    /// It waits.
    Shut,
    /// It shows whether the target is back.
    Probe,
    /// It has waited.
    Passed,
}
