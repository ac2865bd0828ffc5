//! The mistakes that an entry of `permissions` can have, and their places.

use std::fmt;

use super::resource::{Action, Resource};
use crate::pattern::PatternError;

/// The part of a [`Permission`](super::Permission) that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionField {
    /// The `resource`.
    Resource,
    /// The `actions` as a whole.
    Actions,
    /// One of the `actions`, counted from zero.
    Action(usize),
}

/// The error for an invalid entry of `permissions`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionError {
    /// There is no such resource.
    UnknownResource {
        /// The text of the entry.
        found: String,
        /// The most similar resource, if one is similar enough.
        suggestion: Option<Resource>,
    },
    /// The resource has no such action.
    UnknownAction {
        /// The index in `actions`.
        index: usize,
        /// The resource.
        resource: Resource,
        /// The text of the entry.
        found: String,
        /// The most similar action, if one is similar enough.
        suggestion: Option<Action>,
    },
    /// `actions` is empty.
    NoActions(Resource),
    /// Nothing follows the `:`, or the resource can't be narrowed.
    Narrowing(Resource),
    /// `event_bus` is narrowed by a text that is not a topic pattern.
    Topic(PatternError),
    /// `file` is narrowed by a text that is not a path below the plugin's root.
    Path(String),
}

impl PermissionError {
    /// The part of the entry that is wrong.
    #[must_use]
    pub const fn place(&self) -> PermissionField {
        match self {
            Self::UnknownAction { index, .. } => PermissionField::Action(*index),
            Self::NoActions(_) => PermissionField::Actions,
            Self::UnknownResource { .. } | Self::Narrowing(_) | Self::Topic(_) | Self::Path(_) => {
                PermissionField::Resource
            }
        }
    }
}

impl fmt::Display for PermissionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownResource { found, suggestion } => {
                write!(f, "unknown resource `{found}`")?;
                meant(f, suggestion.map(Resource::as_str))?;
                valid(f, Resource::ALL.map(Resource::as_str).iter())
            }
            Self::UnknownAction {
                resource,
                found,
                suggestion,
                ..
            } => {
                write!(f, "`{resource}` has no action `{found}`")?;
                meant(f, suggestion.map(Action::as_str))?;
                valid_actions(f, *resource)
            }
            Self::NoActions(resource) => {
                write!(f, "`{resource}` is granted without an action.")?;
                valid_actions(f, *resource)
            }
            Self::Narrowing(resource) => match resource.example() {
                Some(example) => write!(
                    f,
                    "nothing follows the `:`, write `{example}` for a part of `{resource}`, or `{resource}` for all of it"
                ),
                None => write!(f, "`{resource}` can't be narrowed, write `{resource}`"),
            },
            Self::Topic(error) => error.fmt(f),
            Self::Path(path) => write!(
                f,
                "`{path}` is no directory below the plugin's root, write it without a leading `/` and without `..`, as in `file:exports/`"
            ),
        }
    }
}

impl std::error::Error for PermissionError {}

fn meant(f: &mut fmt::Formatter<'_>, suggestion: Option<&str>) -> fmt::Result {
    match suggestion {
        Some(word) => write!(f, ", did you mean `{word}`?"),
        None => f.write_str("."),
    }
}

fn valid_actions(f: &mut fmt::Formatter<'_>, resource: Resource) -> fmt::Result {
    let actions = resource.actions().iter().map(|action| action.as_str());
    valid(f, actions.chain(["*"]))
}

fn valid(f: &mut fmt::Formatter<'_>, words: impl Iterator<Item = impl AsRef<str>>) -> fmt::Result {
    let mut separator = " Valid are ";
    for word in words {
        write!(f, "{separator}`{}`", word.as_ref())?;
        separator = ", ";
    }
    Ok(())
}
