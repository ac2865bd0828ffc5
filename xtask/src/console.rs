//! The console in a real browser.

use std::fs;
use std::process::Command;

use crate::command::{cargo, root, run as execute};
use crate::require;

/// What looks for barriers on the pages. It is used here alone, and stands in nothing that is built.
const AXE: &str = "axe-core@4.14.1";

/// Tests it.
pub(crate) fn run() -> Result<(), String> {
    require::browsers()?;
    fetch_axe()?;
    execute(cargo(["build", "--package", "app"]))?;
    let test = [
        "--package",
        "integration-tests",
        "--features",
        "console",
        "--test",
        "console",
    ];
    execute(cargo(
        ["clippy"]
            .into_iter()
            .chain(test)
            .chain(["--", "-D", "warnings"]),
    ))?;
    execute(cargo(["test"].into_iter().chain(test).chain([
        "--",
        "--test-threads",
        "2",
    ])))
}

fn fetch_axe() -> Result<(), String> {
    let folder = root().join("target/console");
    let script = folder.join("axe.min.js");
    if script.exists() {
        return Ok(());
    }
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", AXE]).current_dir(&folder);
    execute(npm)?;
    let mut tar = Command::new("tar");
    tar.args([
        "--extract",
        "--strip-components",
        "1",
        "--file",
        "axe-core-4.14.1.tgz",
        "package/axe.min.js",
    ]);
    tar.current_dir(&folder);
    execute(tar)
}
