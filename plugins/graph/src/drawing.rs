//! The graph with a position for every node, and points for every edge.

use schemars::JsonSchema;
use serde::Serialize;

use crate::interceptors::patterns;
use crate::layout::{Layout, Order, layout};
use crate::model::Graph;

/// The height of a node, and its width for each letter of its name.
const HEIGHT: f64 = 30.0;
const LETTER: f64 = 7.3;
const PADDING: f64 = 28.0;

/// A drawing of a graph. Edges lead downwards, except those that close a cycle.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Drawing {
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
    /// Plugins in start order, then services, events, requests, and the topics of interceptors.
    pub nodes: Vec<Node>,
    /// The edges; those of calls come first.
    pub edges: Vec<Edge>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Node {
    /// The id by which edges refer to it: its kind and its name.
    pub id: String,
    /// Its kind.
    pub kind: NodeKind,
    /// Its name.
    pub name: String,
    /// Whether it is a plugin that config disables.
    pub off: bool,
    /// The horizontal position of its centre.
    pub x: f64,
    /// The vertical position of its centre.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// The kind of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// An instance of a plugin.
    Plugin,
    /// A service.
    Service,
    /// A topic.
    Event,
    /// A topic of requests.
    Request,
    /// The topics for which interceptors are called.
    Around,
}

impl NodeKind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plugin => "plugin",
            Self::Service => "service",
            Self::Event => "event",
            Self::Request => "request",
            Self::Around => "around",
        }
    }
}

/// An edge, in the direction of calls and of events.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Edge {
    /// The node at which it begins.
    pub from: String,
    /// The node at which it ends.
    pub to: String,
    /// Its meaning.
    pub kind: EdgeKind,
    /// The group of a handler, or the stage of an interceptor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Whether it leads upwards, because it closes a cycle.
    pub up: bool,
    /// Its points, from its beginning to its end.
    pub points: Vec<Point>,
}

/// The meaning of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// A plugin names another one in `requires`.
    Requires,
    /// A plugin uses a service.
    Uses,
    /// A service is provided by a plugin.
    ProvidedBy,
    /// A plugin sends a request.
    Asks,
    /// A request is answered by a plugin.
    AnsweredBy,
    /// A plugin publishes an event.
    Publishes,
    /// An event is handled by a plugin.
    HandledBy,
    /// A plugin that chooses topics at run time may publish an event.
    MayPublish,
    /// An event may be handled by a plugin that chooses topics at run time.
    MayBeHandledBy,
    /// An interceptor of a plugin is called for events.
    Intercepts,
}

impl EdgeKind {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Uses => "uses",
            Self::ProvidedBy => "provided_by",
            Self::Asks => "asks",
            Self::AnsweredBy => "answered_by",
            Self::Publishes => "publishes",
            Self::HandledBy => "handled_by",
            Self::MayPublish => "may_publish",
            Self::MayBeHandledBy => "may_be_handled_by",
            Self::Intercepts => "intercepts",
        }
    }
}

/// A position in the drawing; `y` grows downwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(into = "(f64, f64)")]
#[schemars(with = "(f64, f64)")]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

impl From<Point> for (f64, f64) {
    fn from(point: Point) -> Self {
        (tenths(point.x), tenths(point.y))
    }
}

/// Rounds to a precision that is sufficient for viewing.
pub(crate) fn tenths(length: f64) -> f64 {
    (length * 10.0).round() / 10.0
}

impl Drawing {
    /// Draws a graph. The option `after` of plugins has no edges, because it stands for neither
    /// calls nor events; the order of the plugins shows it.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut sketch = Sketch::default();
        for plugin in &graph.plugins {
            let node = sketch.node(NodeKind::Plugin, plugin.name);
            sketch.nodes[node].off = plugin.on == Some(false);
        }
        sketch.calls(graph);
        sketch.events(graph);
        for topics in patterns(&graph.interceptors) {
            sketch.node(NodeKind::Around, topics);
        }
        for one in &graph.interceptors {
            let ends = (
                (NodeKind::Plugin, one.plugin),
                (NodeKind::Around, one.topics),
            );
            sketch.edge(EdgeKind::Intercepts, ends, Some(one.stage));
        }
        sketch.drawn()
    }
}

/// A node, as an edge refers to it.
type End<'a> = (NodeKind, &'a str);

/// A drawing without positions.
#[derive(Debug, Default)]
struct Sketch {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Sketch {
    fn node(&mut self, kind: NodeKind, name: &str) -> usize {
        let letters = name.chars().count() as f64;
        self.nodes.push(Node {
            id: id((kind, name)),
            kind,
            name: name.to_owned(),
            off: false,
            x: 0.0,
            y: 0.0,
            width: (letters * LETTER + PADDING).round(),
            height: HEIGHT,
        });
        self.nodes.len() - 1
    }

    fn edge(&mut self, kind: EdgeKind, (from, to): (End<'_>, End<'_>), label: Option<&str>) {
        self.edges.push(Edge {
            from: id(from),
            to: id(to),
            kind,
            label: label.map(str::to_owned),
            up: false,
            points: Vec::new(),
        });
    }

    /// The edges from a plugin to a called node, and from that node to the plugins behind it.
    fn pass(&mut self, (kind, name): End<'_>, from: (EdgeKind, &[&str]), to: (EdgeKind, &[&str])) {
        for plugin in from.1 {
            let ends = ((NodeKind::Plugin, *plugin), (kind, name));
            self.edge(from.0, ends, None);
        }
        for plugin in to.1 {
            let ends = ((kind, name), (NodeKind::Plugin, *plugin));
            self.edge(to.0, ends, None);
        }
    }

    fn calls(&mut self, graph: &Graph) {
        for plugin in &graph.plugins {
            for other in &plugin.requires {
                let ends = ((NodeKind::Plugin, plugin.name), (NodeKind::Plugin, *other));
                self.edge(EdgeKind::Requires, ends, None);
            }
        }
        for service in &graph.services {
            self.node(NodeKind::Service, &service.name);
            self.pass(
                (NodeKind::Service, &service.name),
                (EdgeKind::Uses, &service.users),
                (EdgeKind::ProvidedBy, &service.providers),
            );
        }
        for request in &graph.requests {
            self.node(NodeKind::Request, &request.topic);
            self.pass(
                (NodeKind::Request, &request.topic),
                (EdgeKind::Asks, &request.requesters),
                (EdgeKind::AnsweredBy, &request.responders),
            );
        }
    }

    fn events(&mut self, graph: &Graph) {
        for event in &graph.events {
            self.node(NodeKind::Event, event.topic);
            let end = (NodeKind::Event, event.topic);
            self.pass(
                end,
                (EdgeKind::Publishes, &event.publishers),
                (EdgeKind::HandledBy, &[]),
            );
            for subscriber in &event.subscribers {
                let ends = (end, (NodeKind::Plugin, *subscriber));
                self.edge(EdgeKind::HandledBy, ends, event.group(subscriber));
            }
            self.pass(
                end,
                (EdgeKind::MayPublish, &event.may_publish),
                (EdgeKind::MayBeHandledBy, &event.may_subscribe),
            );
        }
    }

    fn drawn(mut self) -> Drawing {
        self.nodes.sort_by_key(|node| node.kind);
        let place = |id: &str| self.nodes.iter().position(|node| node.id == id);
        // The name of a plugin that is not in the set has no edge.
        let mut ends = Vec::new();
        self.edges.retain(|edge| {
            let pair = place(&edge.from).zip(place(&edge.to));
            let is_drawn = pair.is_some_and(|(from, to)| from != to);
            ends.extend(pair.filter(|_| is_drawn));
            is_drawn
        });
        let Layout {
            nodes,
            edges,
            turned,
            width,
            height,
        } = layout(&Order {
            widths: self.nodes.iter().map(|node| node.width).collect(),
            height: HEIGHT,
            edges: ends,
        });
        for (node, at) in self.nodes.iter_mut().zip(nodes) {
            (node.x, node.y) = at.into();
        }
        for ((edge, points), turned) in self.edges.iter_mut().zip(edges).zip(turned) {
            (edge.points, edge.up) = (points, turned);
        }
        Drawing {
            width: width.ceil(),
            height: height.ceil(),
            nodes: self.nodes,
            edges: self.edges,
        }
    }
}

fn id((kind, name): End<'_>) -> String {
    format!("{}:{name}", kind.as_str())
}
