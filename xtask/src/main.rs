//! `cargo xtask`: what CI runs, and what a developer runs now and then.

mod demo;

use std::io::{self, Write};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask demo [--lines N] [--seed S]";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let outcome = match args.next().as_deref() {
        Some("demo") => demo::run(args).map_err(|error| error.to_string()),
        _ => Err(USAGE.to_owned()),
    };
    let Err(message) = outcome else {
        return ExitCode::SUCCESS;
    };
    let _closed = writeln!(io::stderr(), "{message}");
    ExitCode::from(2)
}
