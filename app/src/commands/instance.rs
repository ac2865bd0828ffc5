//! An instance of the running service as a row of figures.

use serde::Deserialize;

/// What an instance is and does now, as far as people are told.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    pub(super) instance: String,
    pub(super) kind: String,
    pub(super) version: String,
    pub(super) state: String,
    pub(super) ready: bool,
    pub(super) cause: Option<String>,
    pub(super) next: Option<Next>,
    pub(super) uptime_ms: u64,
    pub(super) restarts: u32,
    pub(super) tasks: usize,
    pub(super) queued: usize,
    pub(super) queue_capacity: usize,
    pub(super) cpu: Option<f64>,
    pub(super) memory: Option<u64>,
    #[serde(rename = "in")]
    pub(super) received: Count,
    pub(super) out: Count,
    pub(super) errors: Count,
    pub(super) p50_us: Option<f64>,
    pub(super) p99_us: Option<f64>,
    pub(super) last_error: Option<String>,
}

/// A start that comes by itself.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    pub(super) in_ms: u64,
    pub(super) attempt: u32,
    pub(super) of: u32,
}

/// A count and how fast it grows.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(super) struct Count {
    pub(super) total: u64,
    pub(super) per_second: Option<f64>,
}

impl Count {
    /// How fast it grows.
    pub(super) fn told(&self) -> String {
        self.per_second.map_or_else(|| "-".to_owned(), number)
    }
}

impl Row {
    pub(super) fn p50(&self) -> String {
        self.p50_us.map_or_else(|| "-".to_owned(), micros)
    }

    pub(super) fn p99(&self) -> String {
        self.p99_us.map_or_else(|| "-".to_owned(), micros)
    }

    pub(super) fn cpu(&self) -> String {
        let share = |share| format!("{:.0}%", share * 100.0);
        self.cpu.map_or_else(|| "-".to_owned(), share)
    }

    pub(super) fn memory(&self) -> String {
        let bytes = |bytes| format!("{:.1} MB", bytes as f64 / 1e6);
        self.memory.map_or_else(|| "-".to_owned(), bytes)
    }

    /// Why it is as it is, and what comes next.
    pub(super) fn why(&self) -> String {
        let cause = self.cause.clone().unwrap_or_default();
        let Some(Next { in_ms, attempt, of }) = self.next else {
            return cause;
        };
        let next = format!("again in {} s; {attempt} of {of}", in_ms.div_ceil(1000));
        match cause.is_empty() {
            true => next,
            false => format!("{cause}; {next}"),
        }
    }
}

/// A number of at most four digits.
pub(super) fn number(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        n if n < 9.95 => format!("{n:.1}"),
        n if n < 9_999.5 => format!("{n:.0}"),
        n if n < 999_950.0 => format!("{:.0}k", n / 1e3),
        n => format!("{:.1}M", n / 1e6),
    }
}

/// A length of time.
pub(super) fn micros(micros: f64) -> String {
    match micros {
        n if n < 1_000.0 => format!("{n:.0} µs"),
        n if n < 1_000_000.0 => format!("{:.0} ms", n / 1e3),
        n => format!("{:.1} s", n / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let numbers = [0.0, 0.04, 3.25, 9.97, 1234.5, 45_600.0, 2_345_678.0].map(number);
        assert_eq!(numbers, ["0", "0.0", "3.2", "10", "1234", "46k", "2.3M"]);
        let times = [1.0, 512.0, 2_048.0, 33_554_432.0].map(micros);
        assert_eq!(times, ["1 µs", "512 µs", "2 ms", "33.6 s"]);
    }

    #[test]
    fn a_row_says_why_and_what_comes_next() {
        let mut row = Row {
            cause: Some("smtp: refused".to_owned()),
            ..Row::default()
        };
        assert_eq!(row.why(), "smtp: refused");
        let (in_ms, attempt, of) = (7_100, 3, 5);
        row.next = Some(Next { in_ms, attempt, of });
        assert_eq!(row.why(), "smtp: refused; again in 8 s; 3 of 5");
    }
}
