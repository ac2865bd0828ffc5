//! `cargo xtask soak`: hours of faults in minutes, in a process of its own.

use crate::command::{cargo, run as execute};

/// Builds the soak and runs it; its exit code says whether memory and tasks were flat and all
/// events accounted for.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<(), String> {
    let mut soak = cargo(["run", "--quiet", "--package", "soak", "--"]);
    soak.args(args);
    // glibc would keep a block of 19 MiB, as the hash of a password takes it, for each thread that
    // ever had one: what is measured is what the system holds, not what the allocator does.
    soak.env("MALLOC_MMAP_THRESHOLD_", "1048576");
    execute(soak)
}
