//! Middleware of a set: who stands around which events.

use plugin_core::Middleware;
use serde::Serialize;

use crate::model::Member;

/// A method that is called around the events of others.
#[derive(Debug, Serialize)]
pub struct MiddlewareNode {
    /// The plugin.
    pub plugin: &'static str,
    /// The name of the method.
    pub middleware: &'static str,
    /// When it is called.
    pub stage: &'static str,
    /// A pattern; the plugin's config may narrow it.
    pub topics: &'static str,
    /// Higher ones are called first.
    pub priority: i32,
}

/// The middleware of all plugins, in start order.
pub(crate) fn middleware(plugins: &[Member]) -> Vec<MiddlewareNode> {
    let node = |plugin: &Member, one: &Middleware| MiddlewareNode {
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
pub(crate) fn patterns(middleware: &[MiddlewareNode]) -> Vec<&'static str> {
    let mut patterns: Vec<_> = middleware.iter().map(|one| one.topics).collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

/// A priority as an operator reads it: the ends of its range have names.
pub fn priority(number: i32) -> String {
    match number {
        i32::MAX => "highest".to_owned(),
        i32::MIN => "lowest".to_owned(),
        number => number.to_string(),
    }
}
