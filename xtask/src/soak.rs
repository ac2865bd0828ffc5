//! `cargo xtask soak`: hours of faults in minutes, in a process of its own.

use crate::command::{cargo, run as execute};

/// What is measured is what the system holds, not what glibc's allocator keeps for later. It would
/// keep a block of 19 MiB, as the hash of a password takes it, for each thread that ever had one;
/// and of what one thread takes and another gives back, as lines and jobs are, each of up to eight
/// arenas for each core keeps its own most (`mallopt(3)`): the process grows by 10 MiB within
/// minutes, in steps, while it holds no more than before.
const ALLOCATOR: [(&str, &str); 2] = [
    ("MALLOC_MMAP_THRESHOLD_", "1048576"),
    ("MALLOC_ARENA_MAX", "1"),
];

/// Builds the soak and runs it; its exit code says whether memory and tasks were flat and all
/// events accounted for.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<(), String> {
    let mut soak = cargo(["run", "--quiet", "--package", "soak", "--"]);
    soak.args(args);
    for (variable, value) in ALLOCATOR {
        soak.env(variable, value);
    }
    execute(soak)
}
