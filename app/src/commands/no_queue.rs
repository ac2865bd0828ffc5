//! `dead-letters` and `queue` in a build without `queue-plugin`: there is no file to look at.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::plugins::COMPOSITION;

/// Says which feature brings the file.
pub(super) fn refuse() -> Result<Exit, Failure> {
    match COMPOSITION.absent("queue-plugin") {
        Some(absent) => Err(Failure::Absent(absent)),
        None => Ok(Exit::Ok),
    }
}
