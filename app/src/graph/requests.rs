//! Requests of a set, with those who answer and ask them.

use plugin_core::Descriptor;
use serde::Serialize;

/// A request with those who answer and ask it.
#[derive(Debug, Serialize)]
pub(crate) struct RequestNode {
    pub(crate) topic: &'static str,
    /// At most one: the plan proves that.
    pub(crate) responders: Vec<&'static str>,
    pub(crate) requesters: Vec<&'static str>,
}

/// The requests that plugins answer or ask, by topic.
pub(super) fn requests(plugins: &[&'static Descriptor]) -> Vec<RequestNode> {
    let answered = plugins.iter().flat_map(|plugin| plugin.responds);
    let answered = answered.map(|respond| respond.request);
    let asked = plugins.iter().flat_map(|plugin| plugin.requests());
    let mut requests: Vec<_> = answered.chain(asked).collect();
    requests.sort_by_key(|request| request.topic);
    requests.dedup_by_key(|request| request.topic);
    let names = |holds: &dyn Fn(&Descriptor) -> bool| {
        let holding = plugins.iter().filter(|plugin| holds(plugin));
        holding.map(|plugin| plugin.name).collect()
    };
    let node = |request: &&'static plugin_core::event::EventDescriptor| RequestNode {
        topic: request.topic,
        responders: names(&|plugin| plugin.answers(request)),
        requesters: names(&|plugin| plugin.requests().any(|asked| asked.key == request.key)),
    };
    requests.iter().map(node).collect()
}
