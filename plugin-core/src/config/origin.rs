//! The origin of a config value.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The origin of a value. The variants are in the order of the layers: a later layer overrides an
/// earlier one.
///
/// Lines and columns are counted from 1. Line 0 stands for the whole text.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "from", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Origin {
    /// The default of the type; no source sets the value.
    #[default]
    Default,
    /// Text compiled into the program.
    Embedded {
        /// The name that the program gave to the text.
        #[serde(with = "text")]
        #[schemars(with = "String")]
        name: Arc<str>,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// A file.
    File {
        /// Its path, in the form in which it was found.
        #[serde(with = "text")]
        #[schemars(with = "String")]
        path: Arc<str>,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// An environment variable.
    Environment {
        /// Its name.
        #[serde(with = "text")]
        #[schemars(with = "String")]
        variable: Arc<str>,
    },
    /// The program itself, such as a test, an embedding program or the command line.
    Program,
    /// An operation of the running service: `load` or `unload`.
    Operation,
    /// An operator, with `config set`. The value applies until `config unset`.
    Set {
        /// The operator.
        #[serde(with = "text")]
        #[schemars(with = "String")]
        by: Arc<str>,
        /// The time, in RFC 3339 format.
        #[serde(with = "text")]
        #[schemars(with = "String")]
        at: Arc<str>,
    },
}

/// A shared text, as serde reads and writes it.
mod text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        text: &Arc<str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
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

    /// The same text, at another place in it.
    pub(super) fn at(&self, place: (usize, usize)) -> Self {
        let mut origin = self.clone();
        if let Self::Embedded { line, column, .. } | Self::File { line, column, .. } = &mut origin {
            (*line, *column) = place;
        }
        origin
    }

    /// The line, if the origin is a place in a text.
    pub(super) fn line(&self) -> Option<usize> {
        match self {
            Self::Embedded { line, .. } | Self::File { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// Whether an operator wrote the value, and not the author of the program.
    pub(super) fn is_explicit(&self) -> bool {
        !matches!(self, Self::Default | Self::Embedded { .. })
    }

    /// Whether `${…}` is replaced in the value. It is replaced in values from texts, but not in
    /// values of variables.
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
