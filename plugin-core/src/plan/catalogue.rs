//! What the build could have held, looked up for the remedy of an issue.

use crate::const_text::compare;

/// A line of `compose!`: a plugin that a feature chooses, in this build or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogueEntry {
    /// The Cargo feature.
    pub feature: &'static str,
    /// The plugin's name.
    pub plugin: &'static str,
    /// Short names of the services that the plugin provides.
    pub provides: &'static [&'static str],
    /// Topics of the requests that the plugin answers.
    pub answers: &'static [&'static str],
    /// Whether this build holds it.
    pub enabled: bool,
}

/// A plugin that this build lacks, by name.
pub(super) const fn plugin(
    catalogue: &'static [CatalogueEntry],
    name: &str,
) -> Option<&'static CatalogueEntry> {
    let mut at = 0;
    while at < catalogue.len() {
        if !catalogue[at].enabled && compare(catalogue[at].plugin, name).is_eq() {
            return Some(&catalogue[at]);
        }
        at += 1;
    }
    None
}

/// The first plugin that this build lacks and that answers requests of this topic.
pub(super) const fn responder(
    catalogue: &'static [CatalogueEntry],
    topic: &str,
) -> Option<&'static CatalogueEntry> {
    let mut at = 0;
    while at < catalogue.len() {
        if !catalogue[at].enabled && holds(catalogue[at].answers, topic) {
            return Some(&catalogue[at]);
        }
        at += 1;
    }
    None
}

/// The first plugin that this build lacks and that provides a service of this name.
pub(super) const fn provider(
    catalogue: &'static [CatalogueEntry],
    service: &str,
) -> Option<&'static CatalogueEntry> {
    let mut at = 0;
    while at < catalogue.len() {
        if !catalogue[at].enabled && holds(catalogue[at].provides, service) {
            return Some(&catalogue[at]);
        }
        at += 1;
    }
    None
}

const fn holds(names: &[&str], name: &str) -> bool {
    let mut at = 0;
    while at < names.len() {
        if compare(names[at], name).is_eq() {
            return true;
        }
        at += 1;
    }
    false
}
