//! `graph`: plugins, services and events, drawn.

use crate::cli::{OutputFormat, Place};
use crate::exit::Exit;
use crate::graph::{Graph, dot, mermaid, text};
use crate::output::Output;
use crate::plugins::COMPOSITION;

pub(super) fn graph(place: &Place, format: OutputFormat, out: &mut Output) -> Exit {
    let plugins: Vec<_> = COMPOSITION.plugins().collect();
    let settings = super::settings_or_note(place);
    let graph = Graph::of(&plugins, settings.as_ref());
    match format {
        OutputFormat::Text => out.text(text(&graph)),
        OutputFormat::Mermaid => out.text(mermaid(&graph)),
        OutputFormat::Dot => out.text(dot(&graph)),
        OutputFormat::Json => out.json(&graph),
    }
    Exit::Ok
}
