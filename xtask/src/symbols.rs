//! What a feature leaves out is not in the binary: no symbol of its plugin.

use std::process::Command;

use crate::command::{self, cargo, root, say};

/// A build without some plugins, and whose symbols it must and must not have.
const WITH: &str = "hello,logger";
const PRESENT: [&str; 2] = ["plugin_hello", "plugin_logger"];
const ABSENT: [&str; 7] = [
    "plugin_database",
    "plugin_cache",
    "plugin_user_service",
    "plugin_auth",
    "plugin_notification",
    "plugin_file",
    "plugin_api",
];

fn nm(binary: &std::path::Path) -> Result<String, String> {
    let mut nm = Command::new("nm");
    nm.arg("--no-sort").arg(binary);
    let output = nm.output().map_err(|error| {
        format!("can't run nm ({error}): install it with: sudo apt-get install binutils")
    })?;
    String::from_utf8(output.stdout).map_err(|error| format!("nm: {error}"))
}

pub(crate) fn run() -> Result<(), String> {
    let target = root().join("target/symbols");
    let mut build = cargo([
        "build",
        "--package",
        "app",
        "--no-default-features",
        "--features",
        WITH,
    ]);
    build.arg("--target-dir").arg(&target);
    command::run(build)?;
    let symbols = nm(&target.join("debug/app"))?;
    let count = |krate: &str| symbols.matches(krate).count();
    if let Some(missing) = PRESENT.iter().find(|krate| count(krate) == 0) {
        return Err(format!(
            "no symbol of `{missing}` in a build with it: the check sees nothing"
        ));
    }
    if let Some(found) = ABSENT.iter().find(|krate| count(krate) > 0) {
        return Err(format!(
            "{} symbols of `{found}` in a build without it",
            count(found)
        ));
    }
    say(&format!(
        "  features {WITH}: no symbol of {}",
        ABSENT.join(", ")
    ));
    Ok(())
}
