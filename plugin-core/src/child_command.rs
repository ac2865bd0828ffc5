//! The command that starts the process of one instance.

use std::ffi::OsString;
use std::path::PathBuf;

/// The command that starts the process of one instance: a program of the same build, which calls
/// `plugin_core::placement::serve` with the same composition before anything else. The socket to
/// the host is its standard input. Its last argument is the name of the instance, which is only for
/// people who read the list of processes.
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

    /// The running program, even if its file was replaced since it was started.
    #[must_use]
    pub fn same_binary<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self::new("/proc/self/exe", arguments)
    }

    /// Adds a variable to the environment of the process, which contains only a few others: see
    /// `docs/isolation.md`.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }
}
