//! The graph in the language of Graphviz: plugins are boxes, services ellipses, events hexagons,
//! requests parallelograms, and the topics of interceptors diamonds.

use plugin_core::printable;

use crate::interceptors::patterns;
use crate::model::Graph;

/// The style of a disabled plugin and its edges.
const OFF: &str = "style=dashed, color=gray, fontcolor=gray";

/// A directed graph. Arrows have the direction of calls and of events. Dashed arrows belong to
/// plugins that choose topics at run time; dotted arrows only determine an order.
pub fn dot(graph: &Graph) -> String {
    let mut drawing = DotText {
        graph,
        lines: vec!["digraph plugins {".to_owned(), "rankdir=LR;".to_owned()],
    };
    drawing.plugins();
    drawing.services();
    drawing.events();
    drawing.requests();
    drawing.interceptors();
    for (from, to, why) in graph.named() {
        drawing.edge(from, to, &["style=dotted".to_owned(), label(why)]);
    }
    drawing.lines.join("\n  ") + "\n}\n"
}

struct DotText<'a> {
    graph: &'a Graph,
    lines: Vec<String>,
}

impl DotText<'_> {
    fn node(&mut self, name: &str, shape: &str, text: &str) {
        let (name, label) = (quoted(name), label(text));
        self.lines.push(format!("{name} [shape={shape}, {label}];"));
    }

    /// An arrow, which is gray if one of its ends is a disabled plugin.
    fn edge(&mut self, from: &str, to: &str, attributes: &[String]) {
        let mut attributes = attributes.to_vec();
        if self.graph.is_off(from) || self.graph.is_off(to) {
            attributes.push("color=gray".to_owned());
        }
        let (from, to) = (quoted(from), quoted(to));
        self.lines.push(match attributes.as_slice() {
            [] => format!("{from} -> {to};"),
            attributes => format!("{from} -> {to} [{}];", attributes.join(", ")),
        });
    }

    fn plugins(&mut self) {
        for plugin in &self.graph.plugins {
            let name = quoted(plugin.name);
            self.lines.push(if self.graph.is_off(plugin.name) {
                let label = label(&self.graph.label(plugin.name));
                format!("{name} [shape=box, {OFF}, {label}];")
            } else {
                format!("{name} [shape=box];")
            });
        }
    }

    fn services(&mut self) {
        for service in &self.graph.services {
            let node = format!("service {}", service.name);
            self.node(&node, "ellipse", &service.name);
            for user in &service.users {
                self.edge(user, &node, &[]);
            }
            for provider in &service.providers {
                self.edge(&node, provider, &[]);
            }
        }
    }

    fn events(&mut self) {
        let (bold, dashed) = ("style=bold".to_owned(), "style=dashed".to_owned());
        for event in &self.graph.events {
            let node = format!("event {}", event.topic);
            self.node(&node, "hexagon", event.topic);
            for publisher in &event.publishers {
                self.edge(publisher, &node, std::slice::from_ref(&bold));
            }
            for publisher in &event.may_publish {
                self.edge(publisher, &node, std::slice::from_ref(&dashed));
            }
            for subscriber in &event.subscribers {
                let group = event.group(subscriber).map(label);
                let attributes: Vec<_> = [bold.clone()].into_iter().chain(group).collect();
                self.edge(&node, subscriber, &attributes);
            }
            for subscriber in &event.may_subscribe {
                self.edge(&node, subscriber, std::slice::from_ref(&dashed));
            }
        }
    }

    fn requests(&mut self) {
        for request in &self.graph.requests {
            let node = format!("request {}", request.topic);
            self.node(&node, "parallelogram", &request.topic);
            for requester in &request.requesters {
                self.edge(requester, &node, &[]);
            }
            for responder in &request.responders {
                self.edge(&node, responder, &[]);
            }
        }
    }

    fn interceptors(&mut self) {
        for topics in patterns(&self.graph.interceptors) {
            self.node(&format!("around {topics}"), "diamond", topics);
        }
        for one in &self.graph.interceptors {
            let node = format!("around {}", one.topics);
            let attributes = ["style=dashed".to_owned(), label(one.stage)];
            self.edge(one.plugin, &node, &attributes);
        }
    }
}

fn label(text: &str) -> String {
    format!("label={}", quoted(text))
}

/// Quotes and escapes a text.
fn quoted(text: &str) -> String {
    let text = printable::line(text);
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
