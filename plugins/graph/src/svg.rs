//! The drawing as an SVG picture, with colours for light and dark pages.

use std::fmt::Write;

use plugin_core::printable;

use crate::drawing::{Drawing, Edge, EdgeKind, Node, NodeKind, Point, tenths};

/// The style of the picture, with different colours for light and dark pages.
const STYLE: &str = "\
svg{--ink:#1c2430;--edge:#6b7686;--paper:#fff;--plugin:#e8f0fe;--service:#e6f4ea;--event:#fef3dc;--request:#f3e8fd;--around:#eceff3}
@media (prefers-color-scheme:dark){svg{--ink:#e6eaf0;--edge:#8d98a8;--paper:#14181f;--plugin:#1d3357;--service:#173c28;--event:#4a3710;--request:#3b2355;--around:#2b313b}}
.paper{fill:var(--paper)}
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:var(--ink);text-anchor:middle;dominant-baseline:central}
.node path{stroke:var(--edge);fill:var(--around)}.node.plugin path{fill:var(--plugin)}.node.service path{fill:var(--service)}
.node.event path{fill:var(--event)}.node.request path{fill:var(--request)}.node.off{opacity:.55}.node.off path{stroke-dasharray:4}
.edge{fill:none;stroke:var(--edge)}.edge.publishes,.edge.handled_by{stroke-width:1.8}
.edge.may_publish,.edge.may_be_handled_by,.edge.intercepts{stroke-dasharray:5 4}.edge.requires{stroke-dasharray:1 3}
#arrow path{fill:var(--edge)}
";

/// A picture of a drawing.
#[must_use]
pub fn svg(drawing: &Drawing) -> String {
    let Drawing { width, height, .. } = drawing;
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">"
        ),
        "<title>Plugins, services and events</title>".to_owned(),
        format!("<style>{STYLE}</style>"),
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
         <path d=\"M0 1 8 4 0 7z\"/></marker></defs>"
            .to_owned(),
        format!("<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"),
    ];
    lines.extend(drawing.edges.iter().map(edge));
    lines.extend(drawing.nodes.iter().map(node));
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

fn edge(edge: &Edge) -> String {
    let title = match (&edge.label, edge.kind) {
        (Some(group), EdgeKind::HandledBy) => format!("handled_by, group {group}"),
        (Some(label), kind) => format!("{}, {label}", kind.as_str()),
        (None, kind) => kind.as_str().to_owned(),
    };
    format!(
        "<path class=\"edge {}\" d=\"{}\" marker-end=\"url(#arrow)\"><title>{}</title></path>",
        edge.kind.as_str(),
        curve(&edge.points),
        escaped(&title.replace('_', " ")),
    )
}

/// A line that leaves and reaches each point vertically.
fn curve(points: &[Point]) -> String {
    let mut path = String::new();
    let mut last: Option<Point> = None;
    for point in points {
        let (x, y) = (tenths(point.x), tenths(point.y));
        let written = match last {
            None => write!(path, "M{x} {y}"),
            Some(from) if from.x == point.x => write!(path, "V{y}"),
            Some(from) => {
                let middle = tenths(f64::midpoint(from.y, point.y));
                write!(path, "C{} {middle} {x} {middle} {x} {y}", tenths(from.x))
            }
        };
        written.expect("a `String` takes what is written");
        last = Some(*point);
    }
    path
}

fn node(node: &Node) -> String {
    let class = node.kind.as_str();
    let off = if node.off { " off" } else { "" };
    let name = escaped(&node.name);
    let label = if node.off { " (off)" } else { "" };
    format!(
        "<g class=\"node {class}{off}\"><title>{class} {name}{label}</title><path d=\"{}\"/>\
         <text x=\"{}\" y=\"{}\">{name}</text></g>",
        outline(node),
        tenths(node.x),
        tenths(node.y),
    )
}

/// The outline of a node: plugins are boxes, services round, events hexagons, requests slanted, and
/// the topics of interceptors have cut corners.
fn outline(node: &Node) -> String {
    let (left, top) = (
        tenths(node.x - node.width / 2.0),
        tenths(node.y - node.height / 2.0),
    );
    let (w, h) = (node.width, node.height);
    let (half, cut) = (h / 2.0, 8.0);
    match node.kind {
        NodeKind::Plugin => format!("M{left} {top}h{w}v{h}h-{w}z"),
        NodeKind::Service => format!(
            "M{} {top}h{}a{half} {half} 0 0 1 0 {h}h-{}a{half} {half} 0 0 1 0 -{h}z",
            left + half,
            w - h,
            w - h
        ),
        NodeKind::Event => format!(
            "M{} {top}h{}l{cut} {half}l-{cut} {half}h-{}l-{cut} -{half}z",
            left + cut,
            w - 2.0 * cut,
            w - 2.0 * cut
        ),
        NodeKind::Request => format!("M{} {top}h{}l-{cut} {h}h-{}z", left + cut, w - cut, w - cut),
        NodeKind::Around => format!(
            "M{} {top}h{}l{cut} {cut}v{}l-{cut} {cut}h-{}l-{cut} -{cut}v-{}z",
            left + cut,
            w - 2.0 * cut,
            h - 2.0 * cut,
            w - 2.0 * cut,
            h - 2.0 * cut
        ),
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for char in printable::line(text).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
