//! Commands in a build without the plugin that they work with.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::COMPOSITION;

/// Says which feature brings the plugin.
pub(super) fn refuse(plugin: &str) -> Result<Exit, Failure> {
    match COMPOSITION.absent(plugin) {
        Some(absent) => Err(Failure::Absent(absent)),
        None => Ok(Exit::Ok),
    }
}
