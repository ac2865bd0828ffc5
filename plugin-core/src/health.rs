//! What a plugin says of its own state.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// What `#[health]` returns. Printed, it is what it says in a line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
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

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, reason) = match self {
            Self::Healthy => return f.write_str("healthy"),
            Self::Degraded(reason) => ("degraded", reason),
            Self::Unavailable(reason) => ("unavailable", reason),
            Self::Unhealthy(reason) => ("unhealthy", reason),
        };
        write!(f, "{word}: {reason}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_4_health_is_printed_as_a_sentence() {
        let full = Health::Degraded("the queue is full".to_owned());
        assert_eq!(full.to_string(), "degraded: the queue is full");
        assert_eq!(Health::Healthy.to_string(), "healthy");
    }
}
