//! The command line.

use std::time::Duration;

const USAGE: &str = "usage: soak [--minutes N | --seconds N] [--seed S]";

/// How long, and which faults.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) duration: Duration,
    pub(super) seed: u64,
}

impl Options {
    pub(super) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            duration: Duration::from_secs(600),
            seed: 7,
        };
        while let Some(arg) = args.next() {
            let value = args.next().unwrap_or_default();
            let number: u64 = (value.parse())
                .map_err(|_| format!("`{arg}` takes a number, not `{value}`\n{USAGE}"))?;
            match arg.as_str() {
                "--minutes" => options.duration = Duration::from_secs(number.saturating_mul(60)),
                "--seconds" => options.duration = Duration::from_secs(number),
                "--seed" => options.seed = number,
                _ => return Err(format!("`{arg}` is no option\n{USAGE}")),
            }
        }
        if options.duration.is_zero() {
            return Err(format!("it has to last a second at least\n{USAGE}"));
        }
        Ok(options)
    }
}
