//! Why a request has no answer.

use std::fmt;
use std::time::Duration;

use super::{DecodeError, Error, ErrorKind};
use crate::permission::PermissionDenied;

/// Why a request has no answer.
///
/// With `?` it becomes an [`Error`] of the kind that [`RequestError::kind`] says.
#[derive(Debug)]
#[non_exhaustive]
pub enum RequestError {
    /// There was no answer within the time limit. Whoever was to answer has been stopped.
    TimedOut {
        /// Topic of the request.
        topic: &'static str,
        /// How long was waited: for room and for the answer.
        limit: Duration,
    },
    /// Who answers such requests does not run: it has not started yet, is being restarted, or has
    /// stopped.
    NotRunning {
        /// Topic of the request.
        topic: &'static str,
    },
    /// Who answers failed, panicked or took longer than its own `timeout`.
    Failed {
        /// Topic of the request.
        topic: &'static str,
        /// What it said.
        error: Error,
    },
    /// The plugin that asks has stopped, or the system is stopping.
    Stopping,
    /// The plugin may not ask that.
    Denied(PermissionDenied),
    /// The data is no request of the topic's type.
    Decode(DecodeError),
    /// No request has that topic.
    Unknown {
        /// The topic.
        topic: String,
    },
}

impl RequestError {
    /// What kind of failure it is: that of who was to answer, if it said so.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TimedOut { .. } => ErrorKind::Timeout,
            Self::NotRunning { .. } => ErrorKind::External { retriable: true },
            Self::Failed { error, .. } => error.kind(),
            Self::Denied(_) => ErrorKind::Denied,
            Self::Stopping | Self::Decode(_) | Self::Unknown { .. } => {
                ErrorKind::External { retriable: false }
            }
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut { topic, limit } => {
                write!(f, "no answer to `{topic}` within {limit:?}")
            }
            Self::NotRunning { topic } => {
                write!(f, "the plugin that answers `{topic}` does not run")
            }
            Self::Failed { topic, error } => write!(f, "`{topic}` failed: {error}"),
            Self::Stopping => f.write_str("the system is stopping and takes no more requests"),
            Self::Denied(denied) => denied.fmt(f),
            Self::Decode(error) => error.fmt(f),
            Self::Unknown { topic } => write!(f, "no type of request has the topic `{topic}`"),
        }
    }
}

impl std::error::Error for RequestError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } => Some(error.as_dyn()),
            Self::Denied(denied) => Some(denied),
            Self::Decode(error) => Some(error),
            Self::TimedOut { .. }
            | Self::NotRunning { .. }
            | Self::Stopping
            | Self::Unknown { .. } => None,
        }
    }
}
