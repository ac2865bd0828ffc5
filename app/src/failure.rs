//! Why a command ends without its result.

use std::fmt;
use std::io;
#[cfg(feature = "admin")]
use std::path::{Path, PathBuf};

#[cfg(feature = "admin")]
use plugin_admin::ClientError;
use plugin_core::config::ConfigError;
use plugin_core::lifecycle::{ConfigureError, StartError};
use plugin_core::{Absent, printable};
use serde::Serialize;

use crate::exit::Exit;
use crate::report;

/// Why a command ends without its result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line names a plugin that is not there.
    Absent(Absent),
    /// The command line names an instance that config does not: its name, and those that it has.
    NoInstance(String, Vec<String>),
    /// The command line names a command that there is not.
    NoCommand(String),
    /// The command line asks for a drawing of what is none.
    NoDrawing,
    /// The command line asks a service elsewhere for what is only done here.
    NotElsewhere,
    /// The section of a plugin has no such key.
    #[cfg(feature = "admin")]
    NoKey(String, String),
    Config(ConfigError),
    Configure(ConfigureError),
    Start(StartError),
    /// A part of a plugin failed outside of the service.
    #[cfg(any(feature = "queue", feature = "admin"))]
    Plugin(plugin_core::Error),
    /// There is no config of that number; these are kept.
    NoGeneration(u64, Vec<u64>),
    /// The running service could not be asked.
    #[cfg(feature = "admin")]
    Service(ClientError),
    /// A service runs, and does not listen: its process, and the data folder.
    #[cfg(feature = "admin")]
    Deaf(Option<u32>, PathBuf),
    /// What is for a terminal goes elsewhere.
    #[cfg(feature = "top")]
    NoTerminal,
    /// The running service went away while it was listened to.
    #[cfg(feature = "admin")]
    Gone,
    /// The running service refused.
    #[cfg(feature = "admin")]
    Refused(Refusal),
    /// The running service is of a version that can't do this.
    #[cfg(feature = "admin")]
    Older,
    /// Something of the system failed; the text says what was being done.
    Io(String, io::Error),
}

/// What a running service says of what it refuses.
#[cfg(feature = "admin")]
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Why, and what to do.
    pub(crate) why: String,
    /// What to do, where it is said apart.
    pub(crate) remedy: Option<String>,
    /// What is wrong with the config, a line each.
    pub(crate) issues: Vec<String>,
}

/// What programs read of a failure.
#[derive(Serialize)]
struct Told {
    error: Error,
}

#[derive(Serialize)]
struct Error {
    /// The reason in a word: that of the exit code.
    code: &'static str,
    /// What people read.
    message: String,
    /// What to do, where it is known apart from the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// What is wrong with the config, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    issues: Vec<String>,
}

impl Failure {
    /// What programs read.
    pub(crate) fn told(&self) -> impl Serialize + use<> {
        Told {
            error: Error {
                code: self.exit().word(),
                message: self.to_string().trim_end().to_owned(),
                remedy: self.remedy(),
                issues: match self {
                    Self::Config(error) => error.to_string().lines().map(str::to_owned).collect(),
                    Self::Configure(error) => error.lines(),
                    #[cfg(feature = "admin")]
                    Self::Refused(refusal) => refusal.issues.clone(),
                    _ => Vec::new(),
                },
            },
        }
    }

    /// Whether no service could be asked, so that its files say what there is.
    #[cfg(feature = "admin")]
    pub(crate) fn is_unheard(&self) -> bool {
        self.exit() == Exit::NoService || matches!(self, Self::Older)
    }

    fn remedy(&self) -> Option<String> {
        match self {
            Self::NoGeneration(_, known) => (!known.is_empty()).then(|| one_of(known)),
            #[cfg(feature = "admin")]
            Self::Service(error) => error.remedy().map(str::to_owned),
            #[cfg(feature = "admin")]
            Self::Deaf(pid, _) => Some(wake(*pid)),
            #[cfg(feature = "admin")]
            Self::Older => Some("start the service anew with this binary".to_owned()),
            #[cfg(feature = "admin")]
            Self::Refused(refusal) => refusal.remedy.clone(),
            _ => None,
        }
    }

    pub(crate) fn io(what: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io(what.to_string(), error)
    }

    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Absent(_)
            | Self::NoInstance(..)
            | Self::NoCommand(_)
            | Self::NoDrawing
            | Self::NotElsewhere
            | Self::NoGeneration(..) => Exit::Usage,
            #[cfg(feature = "admin")]
            Self::NoKey(..) => Exit::Usage,
            #[cfg(feature = "top")]
            Self::NoTerminal => Exit::Usage,
            Self::Config(_) => Exit::Config,
            Self::Configure(ConfigureError::Link(_)) | Self::Io(..) => Exit::Failed,
            #[cfg(any(feature = "queue", feature = "admin"))]
            Self::Plugin(_) => Exit::Failed,
            #[cfg(feature = "admin")]
            Self::Service(ClientError::NotRunning { .. } | ClientError::Silent { .. }) => {
                Exit::NoService
            }
            #[cfg(feature = "admin")]
            Self::Deaf(..) | Self::Gone => Exit::NoService,
            #[cfg(feature = "admin")]
            Self::Service(ClientError::Denied { .. }) | Self::Older => Exit::Refused,
            #[cfg(feature = "admin")]
            Self::Service(_) => Exit::Failed,
            #[cfg(feature = "admin")]
            Self::Refused(refusal) => match refusal.status {
                404 => Exit::Usage,
                500 => Exit::Failed,
                _ if !refusal.issues.is_empty() => Exit::Config,
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
                    "no instance is named `{name}`: config has {}",
                    known.join(", ")
                )
            }
            Self::NoCommand(name) => {
                let name = printable::line(name);
                write!(f, "there is no command `{name}`: `--help` lists them")
            }
            #[cfg(feature = "top")]
            Self::NoTerminal => f.write_str(
                "`top` is for people at a terminal: `metrics` prints the same figures once",
            ),
            Self::NoDrawing => {
                f.write_str("only `graph` draws: for other commands `--format` is `text` or `json`")
            }
            Self::NotElsewhere => f.write_str(
                "this command works on files of this machine: leave `--url` away, or run it where the \
                 service is",
            ),
            #[cfg(feature = "admin")]
            Self::NoKey(plugin, key) => {
                let (plugin, key) = (printable::line(plugin), printable::line(key));
                write!(f, "`{plugin}` has no key `{key}`: `config get {plugin}` lists them")
            }
            Self::Config(error) => error.fmt(f),
            Self::Configure(error) => error.fmt(f),
            Self::Start(error) => write!(f, "{error}{}", report::rollback(&error.rollback)),
            #[cfg(any(feature = "queue", feature = "admin"))]
            Self::Plugin(error) => f.write_str(&printable::line(&error.to_string())),
            #[cfg(feature = "admin")]
            Self::Service(error) => f.write_str(&printable::line(&error.to_string())),
            Self::NoGeneration(number, known) if known.is_empty() => write!(
                f,
                "there is no config {number}, for none was applied yet: a service keeps it when it has started"
            ),
            Self::NoGeneration(number, known) => {
                write!(f, "there is no config {number}: {}", one_of(known))
            }
            #[cfg(feature = "admin")]
            Self::Deaf(pid, folder) => {
                let text = format!("{}: {}", deaf(*pid, folder), wake(*pid));
                f.write_str(&printable::line(&text))
            }
            #[cfg(feature = "admin")]
            Self::Gone => f.write_str(
                "the service has gone, or its `admin-plugin` has: it stops, or is started anew",
            ),
            #[cfg(feature = "admin")]
            Self::Older => f.write_str(
                "the running service is of an older version, which does not have this",
            ),
            #[cfg(feature = "admin")]
            Self::Refused(Refusal { why, issues, .. }) => {
                f.write_str(&printable::line(why))?;
                (issues.iter()).try_for_each(|issue| write!(f, "\n{}", printable::line(issue)))
            }
            Self::Io(what, error) => f.write_str(&printable::line(&format!("{what}: {error}"))),
        }
    }
}

/// Which configs there are.
fn one_of(known: &[u64]) -> String {
    let known: Vec<_> = known.iter().map(u64::to_string).collect();
    format!(
        "those that are kept are {}, see `config history`",
        known.join(", ")
    )
}

#[cfg(feature = "admin")]
fn deaf(pid: Option<u32>, folder: &Path) -> String {
    let process = pid.map_or_else(String::new, |pid| format!(" as process {pid}"));
    format!(
        "a service runs with the data folder `{}`{process}, and takes no commands, for its \
         `admin-plugin` does not run",
        folder.display()
    )
}

/// How a service is brought to take commands again.
#[cfg(feature = "admin")]
pub(crate) fn wake(pid: Option<u32>) -> String {
    let pid = pid.map_or_else(|| "PID".to_owned(), |pid| pid.to_string());
    format!("`kill -HUP {pid}` has it read its config again and start `admin-plugin`")
}

impl std::error::Error for Failure {}
