//! Remarks about a set that are not mistakes.

use std::fmt;

use super::composition::Composition;
use crate::descriptor::Descriptor;
use crate::event::{Source, matches_any, similar};
use crate::registry;

/// A remark about a composed set that is not a mistake. `check` prints it, and a start logs it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A plugin is linked, but `compose!` does not name it, so its code does not run.
    LeftOut {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its Rust type.
        type_name: &'static str,
    },
    /// A handler or an interceptor has a pattern that matches no event type in the build.
    Unmatched {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the method.
        method: &'static str,
        /// The pattern.
        pattern: &'static str,
        /// A similar pattern that would match.
        similar: Option<String>,
    },
}

impl Note {
    /// Name of the plugin that the remark is about.
    #[must_use]
    pub fn plugin(&self) -> &'static str {
        match self {
            Self::LeftOut { plugin, .. } | Self::Unmatched { plugin, .. } => plugin,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { plugin, type_name } => write!(
                f,
                "`{plugin}` is linked, not composed: left out (name `{type_name}` in `compose!` to \
                 have it)"
            ),
            Self::Unmatched {
                plugin,
                method,
                pattern,
                similar,
            } => {
                write!(
                    f,
                    "`{method}` of `{plugin}` is for `{pattern}`, which no event of this build \
                     matches"
                )?;
                match similar {
                    Some(similar) => write!(f, ": did you mean `{similar}`?"),
                    None => f.write_str(
                        ": it only gets events that are published on a topic that no type declares",
                    ),
                }
            }
        }
    }
}

impl Composition {
    /// The remarks about the set.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        of(self)
    }
}

/// All remarks about a set: first on plugins that were left out, then in start order.
fn of(composition: &Composition) -> Vec<Note> {
    let topics: Vec<&str> = (registry::events().iter())
        .map(|event| event.topic)
        .collect();
    let left_out = composition.left_out();
    let left_out = left_out.iter().map(|plugin| Note::LeftOut {
        plugin: plugin.name,
        type_name: plugin.type_name,
    });
    let unmatched = composition
        .plugins()
        .flat_map(|plugin| unmatched(plugin, &topics));
    left_out.chain(unmatched).collect()
}

/// Patterns of a plugin that match none of the topics.
fn unmatched(plugin: &'static Descriptor, topics: &[&str]) -> Vec<Note> {
    let heard = plugin
        .subscriptions
        .iter()
        .filter_map(|one| match one.source {
            Source::Pattern(pattern) => Some((one.handler, pattern)),
            Source::Event(_) => None,
        });
    let intercepted = (plugin.interceptors.iter()).map(|one| (one.name, one.topics));
    heard
        .chain(intercepted)
        .filter(|(_, pattern)| !matches_any(pattern, topics))
        .map(|(method, pattern)| Note::Unmatched {
            plugin: plugin.name,
            method,
            pattern,
            similar: similar(pattern, topics),
        })
        .collect()
}
