//! The graph as a Mermaid flowchart: plugins are boxes, services are round, events are hexagons,
//! requests are slanted, and the topics of interceptors are diamonds.

use plugin_core::printable;

use crate::interceptors::patterns;
use crate::model::Graph;

/// The style of a disabled plugin.
const OFF: &str = "classDef off fill:none,stroke:#999,color:#999,stroke-dasharray:4";

/// The label of an arrow of a plugin that chooses topics at run time.
const CHOSEN: &str = "at run time";

/// A flowchart. Arrows have the direction of calls and of events. Dotted arrows belong to plugins
/// that choose topics at run time or to interceptors, or only determine an order.
pub fn mermaid(graph: &Graph) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for plugin in &graph.plugins {
        let class = if graph.is_off(plugin.name) {
            ":::off"
        } else {
            ""
        };
        let label = quoted(&graph.label(plugin.name));
        lines.push(format!("{}[{label}]{class}", id("plugin", plugin.name)));
    }
    if graph.plugins.iter().any(|plugin| plugin.on == Some(false)) {
        lines.push(OFF.to_owned());
    }
    for service in &graph.services {
        let node = id("service", &service.name);
        lines.push(format!("{node}([{}])", quoted(&service.name)));
        for user in &service.users {
            lines.push(format!("{} --> {node}", id("plugin", user)));
        }
        for provider in &service.providers {
            lines.push(format!("{node} --> {}", id("plugin", provider)));
        }
    }
    for event in &graph.events {
        let node = id("event", event.topic);
        lines.push(format!("{node}{{{{{}}}}}", quoted(event.topic)));
        for publisher in &event.publishers {
            lines.push(format!("{} ==> {node}", id("plugin", publisher)));
        }
        for publisher in &event.may_publish {
            lines.push(format!(
                "{} -. {CHOSEN} .-> {node}",
                id("plugin", publisher)
            ));
        }
        for subscriber in &event.may_subscribe {
            lines.push(format!(
                "{node} -. {CHOSEN} .-> {}",
                id("plugin", subscriber)
            ));
        }
        for subscriber in &event.subscribers {
            let label = match event.group(subscriber) {
                Some(group) => format!("|{}| ", quoted(group)),
                None => String::new(),
            };
            lines.push(format!("{node} ==> {label}{}", id("plugin", subscriber)));
        }
    }
    for request in &graph.requests {
        let node = id("request", &request.topic);
        lines.push(format!("{node}[/{}/]", quoted(&request.topic)));
        for requester in &request.requesters {
            lines.push(format!("{} --> {node}", id("plugin", requester)));
        }
        for responder in &request.responders {
            lines.push(format!("{node} --> {}", id("plugin", responder)));
        }
    }
    for topics in patterns(&graph.interceptors) {
        lines.push(format!("{}{{{}}}", around(topics), quoted(topics)));
    }
    for one in &graph.interceptors {
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

/// Quotes a text so that none of it is markup: special characters become Mermaid's codes.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for char in printable::line(text).chars() {
        if "\"#&<>;`\\".contains(char) {
            quoted.push_str(&format!("#{};", u32::from(char)));
        } else {
            quoted.push(char);
        }
    }
    quoted.push('"');
    quoted
}

/// The id of a pattern. Stars are encoded, because ids can't contain them.
fn around(topics: &str) -> String {
    id("around", &topics.replace("**", "all").replace('*', "one"))
}

/// An id with the characters that Mermaid accepts: letters, digits and underscores.
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
