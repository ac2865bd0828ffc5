//! Every feature of the app alone, none, all: each builds, or the plan says why not, and nothing
//! else does.

use std::collections::BTreeMap;

use crate::command::{capture, cargo, root, say};

/// How the plan's own messages begin in the compiler's output.
const PLAN: &str = "error[E0080]: evaluation panicked: ";

pub(crate) fn run() -> Result<(), String> {
    let features = features()?;
    let mut sets: Vec<Vec<&str>> = vec![Vec::new()];
    sets.extend(features.iter().map(|feature| vec![feature.as_str()]));
    sets.push(features.iter().map(String::as_str).collect());
    let mut summary = BTreeMap::new();
    for set in &sets {
        let (built, stderr) = check(set)?;
        let name = if set.is_empty() {
            "none".to_owned()
        } else {
            set.join(",")
        };
        let verdict = verdict(built, &stderr).map_err(|why| format!("features {name}: {why}"))?;
        summary.insert(name, verdict);
    }
    let all = features.join(",");
    for must_build in ["none", all.as_str()] {
        if summary
            .get(must_build)
            .is_none_or(|verdict| verdict != "builds")
        {
            return Err(format!("features {must_build}: must build"));
        }
    }
    for (name, verdict) in summary {
        say(&format!("  {name}: {verdict}"));
    }
    Ok(())
}

fn check(features: &[&str]) -> Result<(bool, String), String> {
    let mut command = cargo([
        "check",
        "--package",
        "app",
        "--no-default-features",
        "--quiet",
    ]);
    command.arg("--features").arg(features.join(","));
    capture(command)
}

fn verdict(built: bool, stderr: &str) -> Result<String, String> {
    if built && stderr.contains("warning") {
        return Err(format!("it warns:\n{stderr}"));
    }
    if built {
        return Ok("builds".to_owned());
    }
    let errors = || stderr.lines().filter(|line| line.starts_with("error"));
    let ours =
        |line: &str| line.starts_with(PLAN) || line.starts_with("error: could not compile `app`");
    match message(stderr) {
        Some(message) if errors().all(ours) => Ok(format!("refused: {message}")),
        _ => Err(format!("it fails without a message of the plan:\n{stderr}")),
    }
}

/// The plan's message: all of it, up to the place that the compiler names.
fn message(stderr: &str) -> Option<String> {
    let (_, rest) = stderr.split_once(PLAN)?;
    let lines = rest
        .lines()
        .take_while(|line| !line.trim_start().starts_with("-->"));
    let text: Vec<_> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    (!text.is_empty()).then(|| text.join("; "))
}

/// The features of the app, but `default`.
fn features() -> Result<Vec<String>, String> {
    let manifest = std::fs::read_to_string(root().join("app/Cargo.toml"))
        .map_err(|error| format!("app/Cargo.toml: {error}"))?;
    let features: Vec<_> = manifest
        .lines()
        .skip_while(|line| *line != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name.trim_matches('"').to_owned())
        .filter(|name| name != "default")
        .collect();
    if features.is_empty() {
        return Err("app/Cargo.toml: no features".to_owned());
    }
    Ok(features)
}
