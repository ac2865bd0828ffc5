//! `cargo xtask fuzz`: the parsers of text from outside, with input that a fuzzer makes up.

use std::fs;
use std::path::Path;

use crate::command::{cargo, root, run};

/// How long each target runs if nobody says otherwise.
const SECONDS: u64 = 60;

/// Runs one target, or each of them, and stops at the first input that one fails with.
///
/// The sources are safe Rust, so no sanitizer is needed; the compiler's flags that a fuzzer needs
/// are unstable, which `RUSTC_BOOTSTRAP` allows to a stable compiler.
pub(crate) fn fuzz(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let (mut chosen, mut seconds) = (None, SECONDS);
    while let Some(arg) = args.next() {
        if arg == "--seconds" {
            let number = args.next().and_then(|text| text.parse().ok());
            seconds = number.ok_or("`--seconds` takes a number of seconds")?;
        } else {
            chosen = Some(arg);
        }
    }
    let folder = root().join("fuzz");
    let known = targets(&folder)?;
    if let Some(name) = chosen.as_ref().filter(|name| !known.contains(name)) {
        return Err(format!(
            "no target `{name}`: there are {}",
            known.join(", ")
        ));
    }
    for name in known
        .iter()
        .filter(|name| chosen.as_ref().is_none_or(|it| it == *name))
    {
        one(&folder, name, seconds)?;
    }
    Ok(())
}

fn one(folder: &Path, name: &str, seconds: u64) -> Result<(), String> {
    let corpus = folder.join("corpus").join(name);
    fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    let mut command = cargo(["fuzz", "run", name, "--sanitizer", "none"]);
    command
        .arg(&corpus)
        .arg(folder.join("seeds").join(name))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(format!("-dict=dictionaries/{name}.dict"))
        .current_dir(folder)
        .env("RUSTC_BOOTSTRAP", "1");
    run(command).map_err(|error| {
        format!("{error}\nwithout `cargo fuzz`: `cargo install cargo-fuzz`; an input that fails is kept in fuzz/artifacts/{name}")
    })
}

/// The names of the targets, which their files have.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let folder = folder.join("fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}
