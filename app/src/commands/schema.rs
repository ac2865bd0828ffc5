//! `schema`: the JSON Schema of the config files and events of this very binary.

use plugin_core::config;

use crate::exit::Exit;
use crate::output::Output;
use crate::plugins::COMPOSITION;

/// A schema is JSON in every format.
pub(super) fn schema(out: &mut Output) -> Exit {
    out.json(&config::schema(&COMPOSITION));
    Exit::Ok
}
