//! The interceptors of a set: which method is called around which events.

use plugin_core::{Descriptor, Interceptor};
use serde::Serialize;

/// A method that is called around the events of others.
#[derive(Debug, Serialize)]
pub(crate) struct InterceptorNode {
    pub(crate) plugin: &'static str,
    pub(crate) interceptor: &'static str,
    pub(crate) stage: &'static str,
    /// A pattern; the plugin's config may narrow it.
    pub(crate) topics: &'static str,
    pub(crate) priority: i32,
}

/// The interceptors of all plugins, in start order.
pub(super) fn interceptors(plugins: &[&'static Descriptor]) -> Vec<InterceptorNode> {
    let node = |plugin: &'static Descriptor, one: &Interceptor| InterceptorNode {
        plugin: plugin.name,
        interceptor: one.name,
        stage: one.stage.as_str(),
        topics: one.topics,
        priority: one.priority,
    };
    let all = plugins.iter().flat_map(|plugin| {
        let interceptors = plugin.interceptors.iter();
        interceptors.map(move |one| node(plugin, one))
    });
    all.collect()
}

/// The patterns that interceptors are called for, each once.
pub(super) fn patterns(interceptors: &[InterceptorNode]) -> Vec<&'static str> {
    let mut patterns: Vec<_> = interceptors.iter().map(|one| one.topics).collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

/// A priority as an operator reads it: the ends of its range have names.
pub(crate) fn priority(number: i32) -> String {
    match number {
        i32::MAX => "highest".to_owned(),
        i32::MIN => "lowest".to_owned(),
        number => number.to_string(),
    }
}
