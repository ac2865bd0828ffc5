//! What is worth knowing of a set, and is no mistake.

use std::fmt;

use super::Composition;
use crate::descriptor::Descriptor;
use crate::event::Source;
use crate::nearest::nearest;
use crate::pattern::Pattern;
use crate::registry;

/// What is worth knowing of a composed set, and is no mistake: `check` prints it, and a start logs
/// it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A plugin is linked, and `compose!` does not name it: nothing of it runs.
    LeftOut {
        /// Name of the plugin.
        plugin: &'static str,
        /// Its Rust type.
        type_name: &'static str,
    },
    /// A handler or a middleware has a pattern that no type of event in the build matches.
    Unmatched {
        /// Name of the plugin.
        plugin: &'static str,
        /// Name of the method.
        method: &'static str,
        /// What it asks for.
        pattern: &'static str,
        /// A pattern like it that would match.
        similar: Option<String>,
    },
}

impl Note {
    /// Name of the plugin that it is about.
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

/// All notes on a set: on what was left out first, then in start order.
pub(super) fn of(composition: &Composition) -> Vec<Note> {
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
    let intercepted = (plugin.middleware.iter()).map(|one| (one.middleware, one.topics));
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

/// Logs a pattern that is known only at run time, from config or of a subscription, if it matches
/// no event of the build: it is mostly a slip of the pen.
pub(crate) fn warn(plugin: &str, method: &str, pattern: &Pattern) {
    let events = registry::events();
    if events.iter().any(|event| pattern.matches(event.topic)) {
        return;
    }
    let topics: Vec<&str> = events.iter().map(|event| event.topic).collect();
    let meant = similar(pattern.as_str(), &topics);
    let meant = meant.map_or(String::new(), |meant| format!(": did you mean `{meant}`?"));
    tracing::warn!(
        plugin,
        method,
        "no event of this build matches `{pattern}`{meant}"
    );
}

/// Whether a pattern matches a topic; one that can't be read is for somebody else to report.
fn matches_any(pattern: &str, topics: &[&str]) -> bool {
    Pattern::parse(pattern).is_ok_and(|pattern| topics.iter().any(|topic| pattern.matches(topic)))
}

/// The pattern with the segments in front of its first wildcard taken from a topic that is like
/// it, if that makes it match.
fn similar(pattern: &str, topics: &[&str]) -> Option<String> {
    let segments: Vec<&str> = pattern.split('.').collect();
    let exact = segments.iter().take_while(|one| !one.contains('*')).count();
    let (written, rest) = segments.split_at(exact);
    let beginning = |topic: &&str| {
        let parts: Vec<&str> = topic.split('.').take(exact).collect();
        parts.join(".")
    };
    let known: Vec<String> = topics.iter().map(beginning).collect();
    let mut meant: Vec<&str> = vec![nearest(
        &written.join("."),
        known.iter().map(String::as_str),
    )?];
    meant.extend(rest);
    let meant = meant.join(".");
    matches_any(&meant, topics).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn a_slip_in_a_pattern_finds_what_was_meant() {
        let topics = ["user.login", "user.welcome", "order.created", "single"];
        let of = |pattern| similar(pattern, &topics);
        assert_eq!(of("usr.*").as_deref(), Some("user.*"));
        assert_eq!(of("user.logn").as_deref(), Some("user.login"));
        assert_eq!(of("ordr.**").as_deref(), Some("order.**"));
        assert_eq!(of("nosuch.**"), None);
        assert_eq!(
            of("singel.*"),
            None,
            "`single.*` would match nothing either"
        );
        assert_eq!(of("*.logout"), None);
    }
}
