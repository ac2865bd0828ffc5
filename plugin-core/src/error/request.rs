//! Why a request has no answer.

use std::fmt;
use std::time::Duration;

use super::{DecodeError, Error, ErrorKind};
use crate::permission::PermissionDenied;

/// The reason why a request has no answer.
///
/// With `?` it becomes an [`Error`] of the kind that [`RequestError::kind`] says.
#[derive(Debug)]
#[non_exhaustive]
pub enum RequestError {
    /// There was no answer within the time limit. The task that computed the answer was cancelled.
    TimedOut {
        /// Topic of the request.
        topic: &'static str,
        /// How long the requester waited, for room and for the answer together.
        limit: Duration,
    },
    /// The plugin that answers such requests does not run: it has not started yet, is being
    /// restarted, or has stopped.
    NotRunning {
        /// Topic of the request.
        topic: &'static str,
    },
    /// The responder failed, panicked or took longer than its own `timeout`.
    Failed {
        /// Topic of the request.
        topic: &'static str,
        /// The error of the responder.
        error: Error,
    },
    /// The plugin that sent the request has stopped, or the system is stopping.
    Stopping,
    /// The plugin does not have the right to send this request.
    Denied(PermissionDenied),
    /// The data is not a request of the topic's type.
    Decode(DecodeError),
    /// No request has that topic.
    Unknown {
        /// The topic.
        topic: String,
    },
}

impl RequestError {
    /// The kind of the failure: the kind of the responder's error, if there is one.
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
