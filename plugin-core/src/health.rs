//! The health that a plugin reports.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The result of `#[health]`. Its `Display` is the text for the log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "health", content = "reason")]
#[non_exhaustive]
pub enum Health {
    /// The plugin serves.
    #[default]
    Healthy,
    /// The plugin serves, but not as well as it should.
    Degraded(String),
    /// The plugin does not serve until something outside of it is repaired, such as a disk or a
    /// server. It is not ready, but continues to run, because a restart would not help.
    Unavailable(String),
    /// The plugin does not serve. After three such answers in a row it has failed, and its restart
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
    /// The reason why it is not healthy.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Healthy => None,
            Self::Degraded(reason) | Self::Unavailable(reason) | Self::Unhealthy(reason) => {
                Some(reason)
            }
        }
    }

    /// Whether the plugin serves.
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
