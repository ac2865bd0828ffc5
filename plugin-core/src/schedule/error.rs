//! The errors of scheduling.

use std::fmt;

/// The reason why a trigger is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TriggerError {
    /// The period of a fixed rate is zero.
    NoPeriod,
    /// The text is not a cron expression, or is never due.
    Cron {
        /// The text.
        expression: String,
        /// What is wrong with it.
        why: String,
    },
    /// The database does not contain this time zone.
    Timezone {
        /// Its name.
        name: String,
        /// A similar name.
        meant: Option<String>,
    },
}

impl fmt::Display for TriggerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPeriod => f.write_str("a period of zero is no rate: write a longer one"),
            Self::Cron { expression, why } => {
                write!(f, "`{expression}` can't be used: {why}")
            }
            Self::Timezone { name, meant } => {
                write!(f, "no timezone is named `{name}`: ")?;
                match meant {
                    Some(meant) => write!(f, "did you mean `{meant}`?"),
                    None => f.write_str("write one of the IANA database, such as `Europe/Berlin`"),
                }
            }
        }
    }
}

impl std::error::Error for TriggerError {}

/// The reason why something was not scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The plugin is stopping or has stopped.
    Stopping,
    /// Another schedule of the plugin has this name.
    Taken(String),
    /// The plugin has as many schedules as it may have.
    Full(usize),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping => f.write_str("the plugin is stopping and schedules nothing more"),
            Self::Taken(name) => write!(
                f,
                "the plugin has a schedule `{name}` already: choose another name"
            ),
            Self::Full(most) => write!(f, "the plugin has {most} schedules, as many as it may"),
        }
    }
}

impl std::error::Error for ScheduleError {}
