//! Where a value comes from.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// Where a value comes from, in the order of the layers: each gives way to those below it.
///
/// Lines and columns count from 1; a line of 0 stands for the whole text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The default of the type; no source sets the value.
    #[default]
    Default,
    /// Text compiled into the program.
    Embedded {
        /// What the program calls the text.
        #[serde(serialize_with = "text")]
        #[schemars(with = "String")]
        name: Arc<str>,
        /// Line.
        line: usize,
        /// Column, in characters.
        column: usize,
    },
    /// A file.
    File {
        /// Its path, as it was found.
        #[serde(serialize_with = "text")]
        #[schemars(with = "String")]
        path: Arc<str>,
        /// Line.
        line: usize,
        /// Column, in characters.
        column: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        #[serde(serialize_with = "text")]
        #[schemars(with = "String")]
        variable: Arc<str>,
    },
    /// The program itself: a test, an embedding, the command line.
    Program,
    /// An operation of the running service: `load` or `unload`.
    Operation,
    /// An operator, by `config set`: it holds until `config unset`.
    Set {
        /// Who it was.
        #[serde(serialize_with = "text")]
        #[schemars(with = "String")]
        by: Arc<str>,
        /// When, in RFC 3339.
        #[serde(serialize_with = "text")]
        #[schemars(with = "String")]
        at: Arc<str>,
    },
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

impl Origin {
    pub(super) fn file(path: &str) -> Self {
        Self::File {
            path: path.into(),
            line: 0,
            column: 0,
        }
    }

    pub(super) fn embedded(name: &str) -> Self {
        Self::Embedded {
            name: name.into(),
            line: 0,
            column: 0,
        }
    }

    /// The same text at a place in it.
    pub(super) fn at(&self, place: (usize, usize)) -> Self {
        let mut origin = self.clone();
        if let Self::Embedded { line, column, .. } | Self::File { line, column, .. } = &mut origin {
            (*line, *column) = place;
        }
        origin
    }

    /// The line, of what is at a place in a text.
    pub(super) fn line(&self) -> Option<usize> {
        match self {
            Self::Embedded { line, .. } | Self::File { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// Whether an operator wrote it, and not the author of the program.
    pub(super) fn is_explicit(&self) -> bool {
        !matches!(self, Self::Default | Self::Embedded { .. })
    }

    /// Whether `${…}` is filled in: what came from a text is, a variable's value is not.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Embedded { .. } | Self::File { .. })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Program => f.write_str("program"),
            Self::Operation => f.write_str("`load` or `unload`"),
            Self::Set { by, at } => write!(f, "`config set` by {by} at {at}"),
            Self::Environment { variable } => f.write_str(variable),
            Self::Embedded { name, line: 0, .. } => write!(f, "embedded {name}"),
            Self::Embedded { name, line, column } => write!(f, "embedded {name}:{line}:{column}"),
            Self::File { path, line: 0, .. } => f.write_str(path),
            Self::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
        }
    }
}
