//! `graph`: plugins, services and events, drawn.

use crate::cli::{Format, Place};
use crate::exit::Exit;
use crate::graph::{Graph, dot, mermaid, text};
use crate::output::Output;
use crate::plugins::COMPOSITION;

pub(super) fn graph(place: &Place, format: Format, out: &mut Output) -> Exit {
    let plugins: Vec<_> = COMPOSITION.plugins().collect();
    let settings = super::settings_or_note(place);
    let graph = Graph::of(&plugins, settings.as_ref());
    match format {
        Format::Text => out.text(text(&graph)),
        Format::Mermaid => out.text(mermaid(&graph)),
        Format::Dot => out.text(dot(&graph)),
        Format::Json => out.json(&graph),
    }
    Exit::Ok
}
