//! How a process is started that runs one instance.

use std::ffi::OsString;
use std::path::PathBuf;

/// How a process is started that runs one instance: a program of the same build that calls
/// `plugin_core::placement::serve` with the same composition before it does anything else. The
/// socket to the host is its standard input; its last argument is the name of the instance, which
/// is for people who look at the list of processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildCommand {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) variables: Vec<(OsString, OsString)>,
}

impl ChildCommand {
    /// A program with its arguments.
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            variables: Vec::new(),
        }
    }

    /// The program that runs, also if its file was replaced since.
    #[must_use]
    pub fn same_binary<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::new("/proc/self/exe", arguments)
    }

    /// Adds a variable to the environment of the process, which has few others: see
    /// `docs/isolation.md`.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }
}
