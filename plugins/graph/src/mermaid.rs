//! The graph as a Mermaid flowchart: plugins are boxes, services are round, events are hexagons,
//! requests are slanted, and what interceptors stand around are diamonds.

use plugin_core::printable;

use crate::interceptors::patterns;
use crate::model::Graph;

/// How a plugin that is off looks.
const OFF: &str = "classDef off fill:none,stroke:#999,color:#999,stroke-dasharray:4";

/// What stands at an arrow of a plugin that chooses topics at run time.
const CHOSEN: &str = "at run time";

/// A flowchart. Arrows go the way of calls and of events; dotted ones are of plugins that choose
/// topics at run time, of interceptors, or only force an order.
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

/// A text that ends where it should, and is no markup, whatever is in it: Mermaid has codes for
/// what it would obey.
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
