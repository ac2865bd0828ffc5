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
    /// It does not serve until something outside of it is mended, such as a disk or a server. It is
    /// not ready, and goes on running: to start it anew would mend nothing.
    Unavailable(String),
    /// It does not serve: after three answers like this in a row it has failed, and its restart
    /// policy decides.
    Unhealthy(String),
}

impl Health {
    /// Why it is not healthy.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Healthy => None,
            Self::Degraded(reason) | Self::Unavailable(reason) | Self::Unhealthy(reason) => {
                Some(reason)
            }
        }
    }

    /// Whether it serves.
    #[must_use]
    pub fn serves(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::Unhealthy(_))
    }
}
