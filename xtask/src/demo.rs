//! `cargo xtask demo`: the events of a shop's day as NDJSON, of any length, the same for the same
//! seed.
//!
//! Invariants: the output depends on `lines` and `seed` alone, and memory does not grow with
//! `lines`. About one line in sixty is bad on purpose, each kind in turn.

mod day;
mod random;

use std::fmt;
use std::io::{self, BufWriter, Write};

use day::Day;

/// What `cargo xtask demo --help` prints.
pub(crate) const USAGE: &str = "usage: cargo xtask demo [--lines N] [--seed S] > day.ndjson";

/// Size and seed of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Options {
    lines: u64,
    seed: u64,
}

/// Why there is no day.
#[derive(Debug)]
pub(crate) enum DemoError {
    /// The command line is not understood.
    Usage(String),
    /// The output can't be written.
    Write(io::Error),
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) => write!(f, "{what}\n{USAGE}"),
            Self::Write(error) => write!(f, "can't write the events: {error}"),
        }
    }
}

impl std::error::Error for DemoError {}

/// Writes a day to stdout. A reader that closes the pipe early is no error.
pub(crate) fn run(args: impl Iterator<Item = String>) -> Result<(), DemoError> {
    let options = Options::parse(args)?;
    let mut out = BufWriter::new(io::stdout());
    match write(&mut out, options) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(DemoError::Write(error)),
        _ => Ok(()),
    }
}

/// Writes a day of so many lines.
pub(crate) fn write_lines(out: &mut impl Write, lines: u64) -> io::Result<()> {
    let seed = Options::DEFAULT.seed;
    write(out, Options { lines, seed })
}

fn write(out: &mut impl Write, options: Options) -> io::Result<()> {
    let mut day = Day::new(options.lines, options.seed);
    for _ in 0..options.lines {
        day.write_line(out)?;
    }
    out.flush()
}

impl Options {
    const DEFAULT: Self = Self {
        lines: 300,
        seed: 7,
    };

    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, DemoError> {
        let mut options = Self::DEFAULT;
        while let Some(arg) = args.next() {
            let target = match arg.as_str() {
                "--lines" => &mut options.lines,
                "--seed" => &mut options.seed,
                _ => return Err(DemoError::Usage(format!("`{arg}` is no option"))),
            };
            let value = args.next().unwrap_or_default();
            *target = value
                .parse()
                .map_err(|_| DemoError::Usage(format!("`{arg}` takes a number, not `{value}`")))?;
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, write};

    fn day(lines: u64, seed: u64) -> String {
        let mut out = Vec::new();
        write(&mut out, Options { lines, seed }).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn options(args: &[&str]) -> Result<Options, String> {
        Options::parse(args.iter().map(|arg| (*arg).to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_same_seed_gives_the_same_day() {
        assert_eq!(day(500, 42), day(500, 42));
        assert_ne!(day(500, 42), day(500, 43));
    }

    #[test]
    fn a_day_has_as_many_lines_as_asked_for() {
        for lines in [0, 1, 59, 300, 1_000] {
            assert_eq!(day(lines, 1).lines().count() as u64, lines);
        }
    }

    #[test]
    fn the_day_in_the_repository_is_the_default_one() {
        let kept = include_str!("../../demo/day.ndjson");
        assert!(
            kept == day(300, 7),
            "write it anew: cargo xtask demo > demo/day.ndjson"
        );
    }

    #[test]
    fn a_wrong_option_is_named() {
        assert_eq!(
            options(&["--seed", "3"]),
            Ok(Options {
                lines: 300,
                seed: 3
            })
        );
        assert!(
            options(&["--line", "3"])
                .unwrap_err()
                .contains("`--line` is no option")
        );
        assert!(
            options(&["--lines", "x"])
                .unwrap_err()
                .contains("takes a number, not `x`")
        );
        assert!(options(&["--lines"]).is_err());
    }
}
