//! What a plugin does around the events of others.

use plugin_core::{Descriptor, Interceptor};
use serde::Serialize;

/// A method that is called around the events of others.
#[derive(Debug, Serialize)]
pub(super) struct Intercepted {
    /// A pattern; the plugin's config may narrow it.
    pub(super) topics: &'static str,
    /// `publish`, `deliver` or `delivered`.
    pub(super) stage: &'static str,
    pub(super) interceptor: &'static str,
    pub(super) priority: i32,
    /// Whether it may put another event in the place of the one that is published.
    pub(super) changes: bool,
}

pub(super) fn of(plugin: &Descriptor) -> Vec<Intercepted> {
    let intercepted = |one: &Interceptor| Intercepted {
        topics: one.topics,
        stage: one.stage.as_str(),
        interceptor: one.name,
        priority: one.priority,
        changes: one.changes,
    };
    plugin.interceptors.iter().map(intercepted).collect()
}
