//! How the process ends: one number for each reason, listed in `--help`.

use std::fmt::Write as _;
use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    Config = 3,
    Start = 4,
    Late = 5,
    BadInput = 6,
    NoService = 7,
    Refused = 8,
    Interrupted = 130,
}

impl Exit {
    /// The word that programs read.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::Config => "config",
            Self::Start => "start",
            Self::Late => "late",
            Self::BadInput => "bad_input",
            Self::NoService => "no_service",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Every exit code, with what it says.
pub(crate) const TABLE: [(Exit, &str); 10] = [
    (
        Exit::Ok,
        "done; bad lines that were skipped do not change it",
    ),
    (
        Exit::Failed,
        "failed while it ran: a file can't be read, a plugin stopped the service",
    ),
    (
        Exit::Usage,
        "the command line is not understood, or names a plugin that is not there",
    ),
    (
        Exit::Config,
        "the config has mistakes; all of them are listed",
    ),
    (
        Exit::Start,
        "a plugin did not start; what had started is stopped again",
    ),
    (
        Exit::Late,
        "stopped, but a plugin was late, lost events or failed",
    ),
    (
        Exit::BadInput,
        "`run --events --on-error stop` met a bad line",
    ),
    (
        Exit::NoService,
        "no service runs with this data folder, or it takes no commands",
    ),
    (
        Exit::Refused,
        "the running service refused it; the message says what to do",
    ),
    (
        Exit::Interrupted,
        "interrupted before it was done, at its start or in `--events`, and stopped in good order",
    ),
];

/// The table as the end of `--help`.
pub(crate) fn help() -> String {
    let mut text = "Exit codes:".to_owned();
    for (exit, meaning) in TABLE {
        // Writing to a string does not fail.
        let _infallible = write!(text, "\n  {:>3}  {meaning}", exit as u8);
    }
    text
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::{TABLE, help};

    #[test]
    fn the_help_lists_each_code_once_in_order() {
        let codes: Vec<u8> = TABLE.iter().map(|(exit, _)| *exit as u8).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]);
        assert_eq!(help().lines().count(), 11);
    }
}
