//! The kernel beside other crates, in a workspace of its own: nobody else's build pays for them.

use crate::command::{cargo, root, run as execute};

pub(crate) fn run() -> Result<(), String> {
    let mut peers = cargo(["run", "--release"]);
    peers
        .arg("--manifest-path")
        .arg(root().join("benches/peers/Cargo.toml"))
        .arg("--target-dir")
        .arg(root().join("target/peers"));
    execute(peers)
}
