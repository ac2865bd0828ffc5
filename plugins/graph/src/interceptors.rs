//! The interceptors of a set: which method is called for which events.

use plugin_core::Interceptor;
use serde::Serialize;

use crate::model::Member;

/// A method that is called around the events of other plugins.
#[derive(Debug, Serialize)]
pub struct InterceptorNode {
    /// The plugin.
    pub plugin: &'static str,
    /// The name of the method.
    pub interceptor: &'static str,
    /// When it is called.
    pub stage: &'static str,
    /// A pattern, which the plugin's config may narrow.
    pub topics: &'static str,
    /// Higher ones are called first.
    pub priority: i32,
}

/// The interceptors of all plugins, in start order.
pub(crate) fn interceptors(plugins: &[Member]) -> Vec<InterceptorNode> {
    let node = |plugin: &Member, one: &Interceptor| InterceptorNode {
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

/// The patterns of all interceptors, each once.
pub(crate) fn patterns(interceptors: &[InterceptorNode]) -> Vec<&'static str> {
    let mut patterns: Vec<_> = interceptors.iter().map(|one| one.topics).collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

/// A priority as text: the ends of its range have names.
pub fn priority(number: i32) -> String {
    match number {
        i32::MAX => "highest".to_owned(),
        i32::MIN => "lowest".to_owned(),
        number => number.to_string(),
    }
}
