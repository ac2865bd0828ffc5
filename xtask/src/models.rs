//! The proofs that need a tool of their own: loom's models, and Miri where it is installed.

use crate::command::{capture, cargo, run as execute, say};

/// What is run under Miri: the unit tests of events and services, which is all that has unsafe code
/// of ours besides link sections.
const UNDER_MIRI: [&str; 9] = [
    "miri",
    "test",
    "--package",
    "plugin-core",
    "--lib",
    "--",
    "event::",
    "rcu::",
    "service::",
];

/// Every interleaving of the kernel's own synchronization.
pub(crate) fn run() -> Result<(), String> {
    execute(cargo(["run", "--quiet", "--package", "kernel-models"]))
}

/// The unit tests with unsafe code under Miri, if this machine has it.
pub(crate) fn miri() -> Result<(), String> {
    let mut version = std::process::Command::new("rustup");
    version.args(["run", "nightly", "cargo", "miri", "--version"]);
    let there = capture(version).is_ok_and(|(there, _)| there);
    if !there {
        return Err(
            "Miri is not installed. It comes with a nightly toolchain:\n  \
            rustup toolchain install nightly --component miri --component rust-src\n  \
            rustup run nightly cargo miri setup\n\
            Then this command runs the unit tests of the kernel's unsafe code under it."
                .to_owned(),
        );
    }
    say("under Miri, slowly:");
    let mut miri = std::process::Command::new("rustup");
    miri.args(["run", "nightly", "cargo"])
        .args(UNDER_MIRI)
        .current_dir(crate::command::root());
    execute(miri)
}
