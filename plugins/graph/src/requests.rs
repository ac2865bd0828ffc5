//! The requests of a set, with the plugins that answer and send them.

use std::collections::BTreeMap;

use plugin_core::Need;
use plugin_core::config::Settings;
use serde::Serialize;

use crate::model::{Member, of_instance, provider};

/// A request with the plugins that answer and send it.
#[derive(Debug, Serialize)]
pub struct RequestNode {
    /// Its topic. For a labelled instance, it has the label: `user.lookup@eu`.
    pub topic: String,
    /// The plugin that answers it; the plan proves that there is at most one.
    pub responders: Vec<&'static str>,
    /// The plugins that send it.
    pub requesters: Vec<&'static str>,
}

/// The requests that plugins answer or send, by topic.
pub(crate) fn requests(plugins: &[Member], settings: Option<&Settings>) -> Vec<RequestNode> {
    let mut requests = BTreeMap::<String, (Vec<_>, Vec<_>)>::new();
    for plugin in plugins {
        for respond in plugin.responds {
            let topic = of_instance(respond.request.topic, plugin.name);
            requests.entry(topic).or_default().0.push(plugin.name);
        }
        for need in plugin.needs {
            if let Need::Request { request, .. } = need {
                let provider = provider(settings, plugin.name, need);
                let topic = of_instance(request.topic, provider);
                requests.entry(topic).or_default().1.push(plugin.name);
            }
        }
    }
    let node = |(topic, (responders, requesters))| RequestNode {
        topic,
        responders,
        requesters,
    };
    requests.into_iter().map(node).collect()
}
