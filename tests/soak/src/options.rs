//! The command line.

use std::time::Duration;

const USAGE: &str = "usage: soak [--minutes N | --seconds N | --reloads N] [--seed S]";

/// How long, and which faults.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) duration: Duration,
    pub(super) seed: u64,
    /// So many reloads in the place of faults.
    pub(super) reloads: Option<u32>,
}

impl Options {
    pub(super) fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            duration: Duration::from_secs(600),
            seed: 7,
            reloads: None,
        };
        while let Some(arg) = args.next() {
            let value = args.next().unwrap_or_default();
            let number: u64 = (value.parse())
                .map_err(|_| format!("`{arg}` takes a number, not `{value}`\n{USAGE}"))?;
            match arg.as_str() {
                "--minutes" => options.duration = Duration::from_secs(number.saturating_mul(60)),
                "--seconds" => options.duration = Duration::from_secs(number),
                "--seed" => options.seed = number,
                "--reloads" => options.reloads = u32::try_from(number).ok(),
                _ => return Err(format!("`{arg}` is no option\n{USAGE}")),
            }
        }
        if options.duration.is_zero() {
            return Err(format!("it has to last a second at least\n{USAGE}"));
        }
        Ok(options)
    }
}
