//! `cargo xtask`: what CI runs, and what a developer runs now and then.

mod build_time;
mod check;
mod command;
mod console;
mod counts;
mod crash;
mod demo;
mod deny;
mod fuzz;
mod matrix;
mod models;
mod new_plugin;
mod peers;
mod process;
mod require;
mod soak;
mod source;
mod storeys;
mod symbols;
mod tidy;

use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test                          everything that CI checks, in order, stopping at the first failure
  test STEP...                  only these steps: fmt, tidy, clippy, models, test, doc, matrix,
                                symbols, counts, deps
  counts                        counts the instructions of the kernel's operations, and compares them
                                with those of benches/count/counts.json
  counts --record | --functions records them there, or says which functions take them
  peers                         compares the kernel with other event crates and actor crates
  process                       the app as a whole process: its start, and a million lines through it
  build-time                    what the compiler takes for a crate with a plugin, beside one by hand
  crash-test [--kills N] [--seed S]
                                kills a process with a queue 200 times, and looks what is lost
  demo [--lines N] [--seed S]   writes a shop's day as NDJSON to standard output
  console                       drives the console in a real browser
  soak [--minutes N | --seconds N] [--seed S]
                                faults at random under load; memory and tasks have to stay flat
  fuzz [TARGET] [--seconds N]   the parsers of text from outside, each for a minute, by `cargo fuzz`
  miri                          the kernel's unsafe code under Miri, where that is installed
  storeys [FOLDER]              which modules of the kernel stand on which, and which form circles
  new-plugin NAME               makes the crate `plugins/NAME` and its default config";

fn main() -> ExitCode {
    if let Some(log) = std::env::var_os(build_time::rustc::LOG) {
        let outcome = build_time::rustc::run(log.as_ref(), std::env::args_os().skip(1));
        return outcome.unwrap_or_else(|message| refuse(&message));
    }
    let mut args = std::env::args().skip(1);
    let outcome = match args.next().as_deref() {
        Some("demo") => demo::run(args).map_err(|error| error.to_string()),
        Some("crash-test") => crash::run(args),
        Some("console") => console::run(),
        Some("soak") => soak::run(args),
        Some("fuzz") => fuzz::fuzz(args),
        Some("miri") => models::miri(),
        Some("test") => check::run(&args.collect::<Vec<_>>()),
        Some("counts") => counts::run(&args.collect::<Vec<_>>()),
        Some("peers") => peers::run(),
        Some("storeys") => storeys::run(args.next().as_deref()),
        Some("process") => process::run(),
        Some("build-time") => build_time::run(),
        Some("new-plugin") => new_plugin::run(args.next().as_deref()),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => refuse(&message),
    }
}

fn refuse(message: &str) -> ExitCode {
    let _closed = writeln!(io::stderr(), "{message}");
    ExitCode::from(2)
}
