//! Middleware of a set: who stands around which events.

use plugin_core::{Descriptor, Middleware};
use serde::Serialize;

/// A method that is called around the events of others.
#[derive(Debug, Serialize)]
pub(crate) struct MiddlewareNode {
    pub(crate) plugin: &'static str,
    pub(crate) middleware: &'static str,
    pub(crate) stage: &'static str,
    /// A pattern; the plugin's config may narrow it.
    pub(crate) topics: &'static str,
    pub(crate) priority: i32,
}

/// The middleware of all plugins, in start order.
pub(super) fn middleware(plugins: &[&'static Descriptor]) -> Vec<MiddlewareNode> {
    let node = |plugin: &'static Descriptor, one: &Middleware| MiddlewareNode {
        plugin: plugin.name,
        middleware: one.middleware,
        stage: one.stage.as_str(),
        topics: one.topics,
        priority: one.priority,
    };
    let all = plugins.iter().flat_map(|plugin| {
        let middleware = plugin.middleware.iter();
        middleware.map(move |one| node(plugin, one))
    });
    all.collect()
}

/// The patterns that middleware is called for, each once.
pub(super) fn patterns(middleware: &[MiddlewareNode]) -> Vec<&'static str> {
    let mut patterns: Vec<_> = middleware.iter().map(|one| one.topics).collect();
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
