//! What a plugin says of its own state.

use serde::Serialize;

/// What `#[health]` returns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case", tag = "health", content = "reason")]
#[non_exhaustive]
pub enum Health {
    /// It serves.
    #[default]
    Healthy,
    /// It serves, but not as it should.
    Degraded(String),
    /// It does not serve: after three answers like this in a row it has failed, and its restart
    /// policy decides.
    Unhealthy(String),
    /// It does not serve, because what it needs outside of the process does not: a server, a disk.
    /// It is not ready until that is over; it has not failed, since a restart would change nothing.
    Unavailable(String),
}

impl Health {
    /// Whether it serves.
    #[must_use]
    pub fn serves(&self) -> bool {
        !matches!(self, Self::Unhealthy(_) | Self::Unavailable(_))
    }
}
