//! What can be wrong with an entry of `permissions`, and where in it.

use std::fmt;

use super::resource::{Action, Resource};
use crate::pattern::PatternError;

/// Where in a [`Permission`](super::Permission) something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionField {
    /// At `resource`.
    Resource,
    /// At `actions` as a whole.
    Actions,
    /// At one of `actions`, counted from zero.
    Action(usize),
}

/// An entry of `permissions` that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PermissionError {
    /// There is no such resource.
    UnknownResource {
        /// What was written.
        found: String,
        /// The nearest resource, if one is near.
        suggestion: Option<Resource>,
    },
    /// The resource has no such action.
    UnknownAction {
        /// Which of `actions`.
        index: usize,
        /// The resource.
        resource: Resource,
        /// What was written.
        found: String,
        /// The nearest action, if one is near.
        suggestion: Option<Action>,
    },
    /// `actions` is empty.
    NoActions(Resource),
    /// Nothing follows the `:`, or the resource takes none.
    Narrowing(Resource),
    /// What narrows `event_bus` is no topic pattern.
    Topic(PatternError),
    /// What narrows `file` is no path below the plugin's root.
    Path(String),
}

impl PermissionError {
    /// Where in the entry it is.
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
