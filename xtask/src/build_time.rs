//! `cargo xtask build-time`: what the compiler takes for a crate with a plugin, beside one that does
//! the same by hand, without the kernel (`benches/by-hand`).
//!
//! Dependencies are built once. Then, in each round, both crates are built again, in alternating
//! order, by a `rustc` that is watched. A figure is the median over the rounds; a ratio is the
//! median of the rounds' ratios.

mod crates;
pub(crate) mod rustc;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::command::{capture, cargo, say};
use crates::{Crates, Twin};
use rustc::Usage;

/// Rounds that a figure is the median of.
const ROUNDS: usize = 15;

/// How much longer than the one by hand the plugin may take.
const GOAL: f64 = 1.2;

/// A way to build a crate.
struct Mode {
    name: &'static str,
    command: &'static str,
    /// Whether the compiler keeps what it did, as it does while somebody edits. If not, all of the
    /// crate is compiled.
    incremental: bool,
}

const MODES: [Mode; 3] = [
    Mode {
        name: "cargo build",
        command: "build",
        incremental: false,
    },
    Mode {
        name: "cargo check",
        command: "check",
        incremental: false,
    },
    Mode {
        name: "cargo build after an edit",
        command: "build",
        incremental: true,
    },
];

/// What one build took.
struct Lap {
    cargo: Duration,
    rustc: Usage,
}

/// What is looked at of a build.
type Figure = (&'static str, fn(&Lap) -> Duration);

const FIGURES: [Figure; 3] = [
    ("rustc, processor time", |lap| lap.rustc.cpu),
    ("rustc, by the clock", |lap| lap.rustc.wall),
    ("cargo and rustc, by the clock", |lap| lap.cargo),
];

/// Makes the crates, and measures.
pub(crate) fn run() -> Result<(), String> {
    let crates = Crates::make()?;
    for mode in &MODES {
        say(&format!("{}: building the dependencies", mode.name));
        crates.twins().try_for_each(|twin| {
            let outcome = capture(command(&crates, mode, twin))?;
            succeeded(twin, &outcome)
        })?;
    }
    say("| build | figure | by hand | `#[plugin]` | ratio | goal |");
    say("| --- | --- | ---: | ---: | ---: | --- |");
    for mode in &MODES {
        let rounds = measure(&crates, mode)?;
        for figure in FIGURES {
            say(&row(mode, figure, &rounds));
        }
    }
    Ok(())
}

/// Rounds of a mode: the one by hand, and the plugin.
fn measure(crates: &Crates, mode: &Mode) -> Result<Vec<[Lap; 2]>, String> {
    (0..ROUNDS)
        .map(|round| {
            let by_hand = || lap(crates, mode, &crates.by_hand, round);
            let plugin = || lap(crates, mode, &crates.plugin, round);
            if round % 2 == 0 {
                Ok([by_hand()?, plugin()?])
            } else {
                let plugin = plugin()?;
                Ok([by_hand()?, plugin])
            }
        })
        .collect()
}

fn lap(crates: &Crates, mode: &Mode, twin: &Twin, round: usize) -> Result<Lap, String> {
    twin.edit(round)?;
    rustc::forget(&crates.log)?;
    let began = Instant::now();
    let outcome = capture(command(crates, mode, twin))?;
    let cargo = began.elapsed();
    succeeded(twin, &outcome)?;
    let rustc = rustc::usage(&crates.log, twin.package)?;
    Ok(Lap { cargo, rustc })
}

fn command(crates: &Crates, mode: &Mode, twin: &Twin) -> Command {
    let kept = if mode.incremental { "1" } else { "0" };
    let mut command = cargo([mode.command, "--package", twin.package]);
    command
        .arg("--manifest-path")
        .arg(crates.folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(crates.folder.join("target").join(kept))
        .env("CARGO_INCREMENTAL", kept);
    rustc::watch(&mut command, &crates.log);
    command
}

fn succeeded(twin: &Twin, (built, stderr): &(bool, String)) -> Result<(), String> {
    match built {
        true => Ok(()),
        false => Err(format!("`{}` does not build:\n{stderr}", twin.package)),
    }
}

fn row(mode: &Mode, (name, figure): Figure, rounds: &[[Lap; 2]]) -> String {
    let seconds = |lap: &Lap| figure(lap).as_secs_f64();
    let of = |twin: usize| median(rounds.iter().map(|round| seconds(&round[twin])));
    let ratio = median((rounds.iter()).map(|[hand, plugin]| seconds(plugin) / seconds(hand)));
    let verdict = if ratio <= GOAL { "met" } else { "missed" };
    format!(
        "| {} | {name} | {:.0} ms | {:.0} ms | {ratio:.2} | ≤ {GOAL} {verdict} |",
        mode.name,
        of(0) * 1e3,
        of(1) * 1e3,
    )
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn at(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
