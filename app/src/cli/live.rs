//! The commands that show what the running service does, as it does it.

use clap::{Args, ValueEnum};

/// Which events to look on at.
#[derive(Debug, Args)]
pub(crate) struct Tap {
    /// Topic of the events, or a pattern: `user.*`, `order.**`.
    pub(crate) pattern: String,
    /// Show those alone whose data are so: `user.id == "a" && total_cents > 100`.
    #[arg(long, value_name = "CONDITION")]
    pub(crate) filter: Option<String>,
    /// Show one of so many, chosen by chance.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) sample: Option<u32>,
    /// Show no more than so many in a second [default: 100].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) limit: Option<u32>,
}

/// Which lines of the log to show.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// The plugin, or the instance, that wrote them or that they are about.
    pub(crate) plugin: Option<String>,
    /// Go on with the lines that come.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Lines of this level, and those that are more important.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) level: LogLevel,
    /// How many at most, the last ones.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
}

/// A level of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, ValueEnum)]
pub(crate) enum LogLevel {
    /// Failures.
    Error,
    /// What should not be.
    Warn,
    /// What happens.
    Info,
    /// What helps to find a mistake.
    Debug,
    /// Everything.
    #[default]
    Trace,
}

#[cfg(feature = "admin")]
impl LogLevel {
    /// The word of the interface.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// The level that a word is of.
    pub(crate) fn of(word: &str) -> Self {
        match word {
            "error" => Self::Error,
            "warn" => Self::Warn,
            "info" => Self::Info,
            "debug" => Self::Debug,
            _ => Self::Trace,
        }
    }
}

/// For which shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Which manual page.
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// The command that it is of; without one, it is of all.
    pub(crate) command: Option<String>,
}
