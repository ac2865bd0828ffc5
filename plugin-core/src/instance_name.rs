//! Names of instances: `hello-plugin`, `hello-plugin@eu`, `hello-plugin@eu#2`.
//!
//! Only this module reads and writes them. Before the `@` is the name of the plugin; after it is
//! the label that distinguishes the plugin's instances; after the `#` is the number of one of the
//! replicas that share a section of config.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// The parts of an instance's name.
///
/// # Example
///
/// ```
/// use plugin_core::InstanceName;
///
/// let name = InstanceName::of("hello-plugin@eu#2");
/// assert_eq!(name.plugin, "hello-plugin");
/// assert_eq!(name.label, Some("eu"));
/// assert_eq!(name.number, Some("2"));
/// assert_eq!(name.section, "hello-plugin@eu");
/// assert_eq!(InstanceName::of("hello-plugin").label, None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceName<'n> {
    /// Name of the plugin.
    pub plugin: &'n str,
    /// The text after the `@`, whether or not it is a valid label.
    pub label: Option<&'n str>,
    /// The text after the `#`: the number of a replica.
    pub number: Option<&'n str>,
    /// The name without the number, which is the name of the section of config.
    pub section: &'n str,
}

impl<'n> InstanceName<'n> {
    /// Splits a name, whether or not it is a valid name of an instance.
    #[must_use]
    pub fn of(name: &'n str) -> Self {
        let (section, number) = split(name, '#');
        let (plugin, label) = split(section, '@');
        Self {
            plugin,
            label,
            number,
            section,
        }
    }

    /// Whether the name has the form of a section of config.
    pub(crate) fn is_section(&self) -> bool {
        self.number.is_none() && self.label.is_none_or(is_label)
    }
}

/// Whether a name belongs to an instance of a plugin. This is the same as comparing with
/// [`InstanceName::plugin`], but cheaper.
pub(crate) fn is_of(instance: &str, plugin: &str) -> bool {
    let rest = instance.strip_prefix(plugin);
    rest.is_some_and(|rest| matches!(rest.as_bytes().first(), None | Some(b'@' | b'#')))
}

/// Whether a text has the form of a label, which is the form of a plugin's name: words of `a-z` and
/// `0-9` with dashes between them.
pub(crate) fn is_label(text: &str) -> bool {
    let is_word = |word: &str| {
        let mut chars = word.chars();
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !word.is_empty() && chars.all(allowed)
    };
    text.split('-').all(is_word)
}

/// A regular expression for the texts that [`is_label`] accepts.
pub(crate) const LABEL: &str = "[a-z0-9]+(-[a-z0-9]+)*";

/// The names of the instances of a section: its own name if there is one instance, otherwise
/// `hello-plugin#1` and so on.
pub(crate) fn replicas(
    section: &'static str,
    replicas: usize,
) -> impl Iterator<Item = &'static str> + use<> {
    (1..=replicas).map(move |number| match replicas {
        1 => section,
        _ => interned(&format!("{section}#{number}")),
    })
}

/// The name with the lifetime of the process. Each name is stored once, however often config is
/// read.
pub(crate) fn interned(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name = String::leak(name.to_owned());
    names.insert(name);
    name
}

fn split(name: &str, by: char) -> (&str, Option<&str>) {
    match name.split_once(by) {
        Some((before, after)) => (before, Some(after)),
        None => (name, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_plugin_a_label_and_a_number() {
        for (name, plugin, label, number) in [
            ("hello-plugin", "hello-plugin", None, None),
            ("hello-plugin#2", "hello-plugin", None, Some("2")),
            ("hello-plugin@eu", "hello-plugin", Some("eu"), None),
            ("hello-plugin@eu#2", "hello-plugin", Some("eu"), Some("2")),
            ("hello-plugin@", "hello-plugin", Some(""), None),
            ("hello@@eu", "hello", Some("@eu"), None),
            ("@eu", "", Some("eu"), None),
        ] {
            let parts = InstanceName::of(name);
            let found = (parts.plugin, parts.label, parts.number);
            assert_eq!(found, (plugin, label, number), "{name}");
            for other in ["hello-plugin", "hello", "hello-plugin-eu"] {
                assert_eq!(is_of(name, other), plugin == other, "{name}, {other}");
            }
        }
    }

    #[test]
    fn a_label_has_the_form_of_a_plugins_name() {
        for label in ["eu", "eu-west-1", "2", "a-b"] {
            assert!(is_label(label), "{label}");
        }
        for label in [
            "", "-", "eu-", "-eu", "e--u", "EU", "e_u", "e.u", "@eu", "é", "e u", "e#1",
        ] {
            assert!(!is_label(label), "{label}");
        }
    }

    #[test]
    fn instances_of_a_section_are_numbered_if_there_are_several() {
        assert!(replicas("hello-plugin@eu", 1).eq(["hello-plugin@eu"]));
        let two = ["hello-plugin#1", "hello-plugin#2"];
        assert!(replicas("hello-plugin", 2).eq(two));
        let again: Vec<_> = replicas("hello-plugin", 2).map(str::as_ptr).collect();
        assert!(replicas("hello-plugin", 2).map(str::as_ptr).eq(again));
    }
}
