//! `cargo xtask soak`: hours of faults in minutes, in a process of its own.

use crate::command::{cargo, run as execute};

/// Builds the soak and runs it; its exit code says whether memory and tasks were flat and all
/// events accounted for.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<(), String> {
    let mut soak = cargo(["run", "--quiet", "--package", "soak", "--"]);
    soak.args(args);
    execute(soak)
}
