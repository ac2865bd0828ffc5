//! `graph`: plugins, services and events, drawn.

mod text;

use plugin_graph::{Drawing, Graph, dot, mermaid, svg};
use serde::Serialize;

use crate::cli::{OutputFormat, Place};
use crate::exit::Exit;
use crate::output::Output;
use crate::plugins::COMPOSITION;

/// The graph, and where everything is in a drawing of it.
#[derive(Debug, Serialize)]
struct DrawnGraph<'a> {
    #[serde(flatten)]
    graph: &'a Graph,
    drawing: Drawing,
}

pub(super) fn graph(place: &Place, format: OutputFormat, out: &mut Output) -> Exit {
    let plugins: Vec<_> = COMPOSITION.plugins().collect();
    let settings = super::settings_or_note(place);
    let graph = Graph::of(&plugins, settings.as_ref());
    match format {
        OutputFormat::Text => out.text(text::text(&graph)),
        OutputFormat::Mermaid => out.text(mermaid(&graph)),
        OutputFormat::Dot => out.text(dot(&graph)),
        OutputFormat::Svg => out.text(svg(&Drawing::of(&graph))),
        OutputFormat::Json => out.json(&DrawnGraph {
            drawing: Drawing::of(&graph),
            graph: &graph,
        }),
    }
    Exit::Ok
}
