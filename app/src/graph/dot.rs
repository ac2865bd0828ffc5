//! The graph in the language of Graphviz: plugins are boxes, services ellipses, events hexagons,
//! requests parallelograms, and
//! what middleware stands around diamonds.

use super::Graph;
use super::middleware::patterns;

/// A directed graph. Arrows go the way of calls and of events; dotted ones only force an order.
pub(crate) fn dot(graph: &Graph) -> String {
    let mut lines = vec!["digraph plugins {".to_owned(), "rankdir=LR;".to_owned()];
    for plugin in &graph.plugins {
        lines.push(format!("\"{}\" [shape=box];", plugin.name));
    }
    for service in &graph.services {
        let node = format!("\"service {}\"", service.name);
        lines.push(format!(
            "{node} [shape=ellipse, label=\"{}\"];",
            service.name
        ));
        for user in &service.users {
            lines.push(format!("\"{user}\" -> {node};"));
        }
        for provider in &service.providers {
            lines.push(format!("{node} -> \"{provider}\";"));
        }
    }
    for event in &graph.events {
        let node = format!("\"event {}\"", event.topic);
        lines.push(format!(
            "{node} [shape=hexagon, label=\"{}\"];",
            event.topic
        ));
        for publisher in &event.publishers {
            lines.push(format!("\"{publisher}\" -> {node} [style=bold];"));
        }
        for subscriber in &event.subscribers {
            let label = match event.group(subscriber) {
                Some(group) => format!(", label=\"{group}\""),
                None => String::new(),
            };
            lines.push(format!("{node} -> \"{subscriber}\" [style=bold{label}];"));
        }
    }
    for request in &graph.requests {
        let node = format!("\"request {}\"", request.topic);
        lines.push(format!(
            "{node} [shape=parallelogram, label=\"{}\"];",
            request.topic
        ));
        for requester in &request.requesters {
            lines.push(format!("\"{requester}\" -> {node};"));
        }
        for responder in &request.responders {
            lines.push(format!("{node} -> \"{responder}\";"));
        }
    }
    for topics in patterns(&graph.middleware) {
        lines.push(format!(
            "\"around {topics}\" [shape=diamond, label=\"{topics}\"];"
        ));
    }
    for one in &graph.middleware {
        lines.push(format!(
            "\"{}\" -> \"around {}\" [style=dashed, label=\"{}\"];",
            one.plugin, one.topics, one.stage
        ));
    }
    for (from, to, why) in graph.named() {
        lines.push(format!(
            "\"{from}\" -> \"{to}\" [style=dotted, label=\"{why}\"];"
        ));
    }
    lines.join("\n  ") + "\n}\n"
}
