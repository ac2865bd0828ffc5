//! The graph as a Mermaid flowchart: plugins are boxes, services are round, events are hexagons,
//! requests are slanted, and what middleware stands around are diamonds.

use super::Graph;
use super::middleware::patterns;

/// A flowchart. Arrows go the way of calls and of events; dotted ones only force an order.
pub(crate) fn mermaid(graph: &Graph) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for plugin in &graph.plugins {
        lines.push(format!(
            "{}[\"{}\"]",
            id("plugin", plugin.name),
            plugin.name
        ));
    }
    for service in &graph.services {
        let node = id("service", service.name);
        lines.push(format!("{node}([\"{}\"])", service.name));
        for user in &service.users {
            lines.push(format!("{} --> {node}", id("plugin", user)));
        }
        for provider in &service.providers {
            lines.push(format!("{node} --> {}", id("plugin", provider)));
        }
    }
    for event in &graph.events {
        let node = id("event", event.topic);
        lines.push(format!("{node}{{{{\"{}\"}}}}", event.topic));
        for publisher in &event.publishers {
            lines.push(format!("{} ==> {node}", id("plugin", publisher)));
        }
        for subscriber in &event.subscribers {
            let label = match event.group(subscriber) {
                Some(group) => format!("|\"{group}\"| "),
                None => String::new(),
            };
            lines.push(format!("{node} ==> {label}{}", id("plugin", subscriber)));
        }
    }
    for request in &graph.requests {
        let node = id("request", request.topic);
        lines.push(format!("{node}[/\"{}\"/]", request.topic));
        for requester in &request.requesters {
            lines.push(format!("{} --> {node}", id("plugin", requester)));
        }
        for responder in &request.responders {
            lines.push(format!("{node} --> {}", id("plugin", responder)));
        }
    }
    for topics in patterns(&graph.middleware) {
        lines.push(format!("{}{{\"{topics}\"}}", around(topics)));
    }
    for one in &graph.middleware {
        lines.push(format!(
            "{} -. {} .-> {}",
            id("plugin", one.plugin),
            one.stage,
            around(one.topics)
        ));
    }
    for (from, to, why) in graph.named() {
        lines.push(format!(
            "{} -. {why} .-> {}",
            id("plugin", from),
            id("plugin", to)
        ));
    }
    lines.join("\n  ") + "\n"
}

/// The id of a pattern: stars can't be told apart by what an id holds.
fn around(topics: &str) -> String {
    id("around", &topics.replace("**", "all").replace('*', "one"))
}

/// Mermaid's ids take letters, digits and underscores.
fn id(what: &str, name: &str) -> String {
    let plain = |char: char| {
        if char.is_ascii_alphanumeric() {
            char
        } else {
            '_'
        }
    };
    format!("{what}_{}", name.chars().map(plain).collect::<String>())
}
