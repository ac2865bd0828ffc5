//! Counts the instructions of an operation under callgrind, where they repeat exactly, and compares
//! them with those that are recorded in `benches/count/counts.json`. Used through `cargo xtask counts`.
//!
//! Each scenario is run for two numbers of operations; the difference of the two counts, divided by
//! the difference of the numbers, is what one operation takes.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that reports"
)]

mod callgrind;
mod locked;
mod record;
mod report;
mod scenario;

use std::process::ExitCode;

use record::Record;

/// How it runs itself below callgrind.
const BELOW: &str = "--below-callgrind";

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    let outcome = match argument.as_deref() {
        Some(BELOW) => {
            scenario::run_all();
            return ExitCode::SUCCESS;
        }
        None => compare(),
        Some("--record") => record(),
        Some("--functions") => functions(),
        Some(other) => Err(format!(
            "`{other}` is not understood: write `--record`, `--functions` or nothing"
        )),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), String> {
    let recorded = Record::read()?;
    let counted = callgrind::count()?;
    let (table, faults) = report::compare(&counted, &recorded);
    print!("{table}");
    for line in report::better(&counted, &recorded) {
        println!("{line}");
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n"))
    }
}

fn record() -> Result<(), String> {
    let counted = callgrind::count()?;
    let (table, _) = report::compare(&counted, &counted);
    print!("{table}");
    counted.write()
}

/// Where the instructions are: the way to what can be spared.
fn functions() -> Result<(), String> {
    for (name, count, functions) in callgrind::profile()? {
        println!("{name}: {:.1}", count.instructions);
        for (function, instructions) in functions {
            println!("{instructions:10.1}  {function}");
        }
    }
    Ok(())
}
