//! What a plugin says of its own state.

/// What `#[health]` returns.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// It serves.
    Healthy,
    /// It serves, but not as it should.
    Degraded(String),
    /// It does not serve: after some answers like this the restart policy decides.
    Unhealthy(String),
}
