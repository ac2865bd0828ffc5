//! The plugins that the build could contain. They are used to suggest how to solve an issue.

use crate::const_text::compare;

/// A line of `compose!`: a plugin that a feature adds, whether or not it is in this build.
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
    /// Whether this build contains it.
    pub enabled: bool,
}

/// A plugin with this name that is missing in this build.
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

/// The first plugin that is missing in this build and answers requests of this topic.
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

/// The first plugin that is missing in this build and provides a service with this name.
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
