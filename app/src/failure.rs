//! Why a command ends without its result.

use std::fmt;
use std::io;

#[cfg(feature = "admin")]
use plugin_admin::ClientError;
use plugin_core::config::ConfigError;
use plugin_core::lifecycle::{ConfigureError, StartError};
use plugin_core::{Absent, printable};

use crate::exit::Exit;
use crate::report;

/// Why a command ends without its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line names a plugin that is not there.
    Absent(Absent),
    /// The command line names an instance that config does not: its name, and those that it has.
    NoInstance(String, Vec<&'static str>),
    /// The command line asks for a drawing of what is none.
    NoDrawing,
    Config(ConfigError),
    Configure(ConfigureError),
    Start(StartError),
    /// A part of a plugin failed outside of the service.
    #[cfg(feature = "queue")]
    Plugin(plugin_core::Error),
    /// The running service could not be asked.
    #[cfg(feature = "admin")]
    Service(ClientError),
    /// The running service refused: the status, why, and what is wrong with the config, a line
    /// each.
    #[cfg(feature = "admin")]
    Refused(u16, String, Vec<String>),
    /// Something of the system failed; the text says what was being done.
    Io(String, io::Error),
}

impl Failure {
    pub(crate) fn io(what: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io(what.to_string(), error)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Absent(_) | Self::NoInstance(..) | Self::NoDrawing => Exit::Usage,
            Self::Config(_) => Exit::Config,
            Self::Configure(ConfigureError::Link(_)) | Self::Io(..) => Exit::Failed,
            #[cfg(feature = "queue")]
            Self::Plugin(_) => Exit::Failed,
            #[cfg(feature = "admin")]
            Self::Service(ClientError::NotRunning { .. } | ClientError::Silent { .. }) => {
                Exit::NoService
            }
            #[cfg(feature = "admin")]
            Self::Service(ClientError::Denied { .. }) => Exit::Refused,
            #[cfg(feature = "admin")]
            Self::Service(_) => Exit::Failed,
            #[cfg(feature = "admin")]
            Self::Refused(status, _, issues) => match status {
                404 => Exit::Usage,
                500 => Exit::Failed,
                _ if !issues.is_empty() => Exit::Config,
                _ => Exit::Refused,
            },
            Self::Configure(_) => Exit::Config,
            // Nothing failed: somebody changed their mind.
            Self::Start(error) if error.failures.is_empty() => Exit::Interrupted,
            Self::Start(_) => Exit::Start,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(absent) => f.write_str(&printable::line(&absent.to_string())),
            Self::NoInstance(name, known) => {
                let name = printable::line(name);
                write!(
                    f,
                    "no instance is named `{name}`: config has `{}`",
                    known.join("`, `")
                )
            }
            Self::NoDrawing => {
                f.write_str("only `graph` draws: for other commands `--format` is `text` or `json`")
            }
            Self::Config(error) => error.fmt(f),
            Self::Configure(error) => error.fmt(f),
            Self::Start(error) => write!(f, "{error}{}", report::rollback(&error.rollback)),
            #[cfg(feature = "queue")]
            Self::Plugin(error) => f.write_str(&printable::line(&error.to_string())),
            #[cfg(feature = "admin")]
            Self::Service(error) => f.write_str(&printable::line(&error.to_string())),
            #[cfg(feature = "admin")]
            Self::Refused(_, why, issues) => {
                f.write_str(&printable::line(why))?;
                (issues.iter()).try_for_each(|issue| write!(f, "\n{}", printable::line(issue)))
            }
            Self::Io(what, error) => f.write_str(&printable::line(&format!("{what}: {error}"))),
        }
    }
}

impl std::error::Error for Failure {}
