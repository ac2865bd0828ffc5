//! Why the service fails.

use std::fmt;
use std::time::Duration;

/// Why the service fails.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The settings can't be read.
    Config(serde_path_to_error::Error<serde_json::Error>),
    /// Nobody made room for the welcome of a user, after so many retries.
    Full {
        /// Who is not welcomed.
        user_id: String,
        /// How often it was tried again.
        retries: u32,
    },
    /// Nobody takes welcomes any more.
    Closed,
    /// An event was not handled within this time.
    Timeout(Duration),
    /// The handler of an event panicked.
    Panic,
}

/// What a call of the service comes to.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "config of `hello-plugin`: {error}"),
            Self::Full { user_id, retries } => write!(
                f,
                "no room for the welcome of `{user_id}` after {retries} retries"
            ),
            Self::Closed => f.write_str("nobody takes welcomes any more"),
            Self::Timeout(limit) => write!(f, "no answer within {limit:?}"),
            Self::Panic => f.write_str("panicked"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            _ => None,
        }
    }
}
