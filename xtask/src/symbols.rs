//! What a feature leaves out is not in the binary: no symbol of its plugin.

use std::process::Command;

use crate::command::{self, cargo, root, say};

/// A build without most plugins: the features it has.
const WITH: [&str; 2] = ["hello", "logger"];

/// The crates that are no plugins.
const SHARED: [&str; 4] = ["contracts", "graph", "http", "ndjson"];

/// The crates of plugins with a feature of their own: all but what they share.
fn crates() -> Result<(Vec<String>, Vec<String>), String> {
    let folder = root().join("plugins");
    let entries = std::fs::read_dir(folder).map_err(|error| format!("plugins: {error}"))?;
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let (with, without) = names
        .filter(|name| !SHARED.contains(&name.as_str()))
        .partition::<Vec<_>, _>(|name| WITH.contains(&name.as_str()));
    let krate = |name: String| format!("plugin_{}", name.replace('-', "_"));
    Ok((
        with.into_iter().map(krate).collect(),
        without.into_iter().map(krate).collect(),
    ))
}

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
        &WITH.join(","),
    ]);
    build.arg("--target-dir").arg(&target);
    command::run(build)?;
    let symbols = nm(&target.join("debug/app"))?;
    let count = |krate: &str| symbols.matches(krate).count();
    let (present, absent) = crates()?;
    if let Some(missing) = present.iter().find(|krate| count(krate) == 0) {
        return Err(format!(
            "no symbol of `{missing}` in a build with it: the check sees nothing"
        ));
    }
    if let Some(found) = absent.iter().find(|krate| count(krate) > 0) {
        return Err(format!(
            "{} symbols of `{found}` in a build without it",
            count(found)
        ));
    }
    say(&format!(
        "  features {}: no symbol of {}",
        WITH.join(","),
        absent.join(", ")
    ));
    Ok(())
}
