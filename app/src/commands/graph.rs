//! `graph`: plugins, services and events, drawn.

use crate::cli::Drawing;
use crate::exit::Exit;
use crate::graph::{Graph, dot, mermaid, text};
use crate::output::Output;
use crate::plugins::COMPOSITION;

pub(super) fn graph(drawing: Drawing, out: &mut Output) -> Exit {
    let plugins: Vec<_> = COMPOSITION.plugins().collect();
    let graph = Graph::of(&plugins);
    match drawing {
        Drawing::Text => out.text(text(&graph)),
        Drawing::Mermaid => out.text(mermaid(&graph)),
        Drawing::Dot => out.text(dot(&graph)),
        Drawing::Json => out.json(&graph),
    }
    Exit::Ok
}
