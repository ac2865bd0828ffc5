//! Everything that CI checks, the quick and telling things first.

use std::process::Command;
use std::time::Instant;

use crate::command::{capture, cargo, output, run as execute, say};
use crate::{counts, deny, matrix, models, require, symbols, tidy};

/// What plugins have that is off by default.
const OPTIONAL: &str = "plugin-metrics/otlp,plugin-tracing/otlp";

type Step = fn() -> Result<(), String>;

const STEPS: [(&str, Step); 10] = [
    ("fmt", fmt),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("models", models::run),
    ("test", test),
    ("doc", doc),
    ("matrix", matrix::run),
    ("symbols", symbols::run),
    ("counts", counts::check),
    ("deps", deps),
];

/// Runs the named steps, or all.
pub(crate) fn run(names: &[String]) -> Result<(), String> {
    if let Some(unknown) = names
        .iter()
        .find(|name| STEPS.iter().all(|(step, _)| step != name))
    {
        let known: Vec<_> = STEPS.iter().map(|(step, _)| *step).collect();
        return Err(format!(
            "no step `{unknown}`: write one of {}",
            known.join(", ")
        ));
    }
    let began = Instant::now();
    let mut passed = 0;
    for (name, step) in STEPS {
        if !names.is_empty() && names.iter().all(|wanted| wanted != name) {
            continue;
        }
        let step_began = Instant::now();
        step().map_err(|error| format!("step {name}: {error}\n{passed} passed, 1 failed"))?;
        passed += 1;
        say(&format!(
            "== {name}: passed in {} s",
            step_began.elapsed().as_secs()
        ));
    }
    say(&format!("{passed} passed, 0 failed"));
    say(&format!("all steps in {} s", began.elapsed().as_secs()));
    Ok(())
}

fn fmt() -> Result<(), String> {
    execute(cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<(), String> {
    execute(cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        OPTIONAL,
        "--",
        "-D",
        "warnings",
    ]))
}

fn test() -> Result<(), String> {
    require::servers()?;
    // The binaries that the tests drive, then every test but the doc tests.
    execute(cargo(["build", "--package", "app", "--package", "soak"]))?;
    execute(cargo([
        "test",
        "--workspace",
        "--all-targets",
        "--exclude",
        "kernel-benches",
    ]))?;
    // Of the same packages, so that nothing is built anew but what has the features.
    execute(cargo([
        "test",
        "--workspace",
        "--exclude",
        "kernel-benches",
        "--features",
        OPTIONAL,
        "--test",
        "otlp",
    ]))?;
    execute(cargo([
        "test",
        "--workspace",
        "--doc",
        "--exclude",
        "kernel-benches",
    ]))?;
    test_of_root()
}

/// The test that only root can run.
const OF_ROOT: &str =
    "binary::admin::owner::another_user_is_refused_by_the_system_and_by_the_service";

fn test_of_root() -> Result<(), String> {
    if !is_root() {
        say(&format!(
            "not run: {OF_ROOT}, which asks as another user and needs root"
        ));
        return Ok(());
    }
    require::for_root()?;
    // Of the same packages as before, so that nothing is built anew.
    let told = output(cargo([
        "test",
        "--workspace",
        "--exclude",
        "kernel-benches",
        "--test",
        "it",
        "--",
        "--ignored",
        "--exact",
        OF_ROOT,
    ]))?;
    match told.contains("1 passed") {
        true => Ok(()),
        false => Err(format!("there is no test `{OF_ROOT}`")),
    }
}

fn is_root() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    output(id).is_ok_and(|user| user.trim() == "0")
}

fn doc() -> Result<(), String> {
    let mut command = cargo(["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    execute(command)
}

/// A lock file that fits the manifests, dependencies that no crate uses, and what `deny.toml` says
/// of those that there are.
fn deps() -> Result<(), String> {
    let (fits, stderr) = capture(cargo(["tree", "--locked", "--workspace", "--quiet"]))?;
    if !fits {
        return Err(format!("Cargo.lock does not fit the manifests:\n{stderr}"));
    }
    tidy::unused_dependencies()?;
    deny::run()
}
