//! Instructions of the kernel's operations: they repeat exactly, and do not grow unseen.

use crate::command::{cargo, root, run as execute};
use crate::require;

/// Compares.
pub(crate) fn check() -> Result<(), String> {
    run(&[])
}

/// Compares, or records. The build has a folder of its own: other builds of the same profile may
/// have other features of the same crates, and then both build them anew each time.
pub(crate) fn run(arguments: &[String]) -> Result<(), String> {
    require::counters()?;
    let mut count = cargo(["run", "--quiet", "--release", "--package", "kernel-counts"]);
    count
        .arg("--target-dir")
        .arg(root().join("target/counts"))
        .arg("--")
        .args(arguments);
    execute(count)
}
