//! A length of time in the notation that people use: `30s`, `1m 30s`, `250ms`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time in a config file: one or more numbers with a unit each, such as `1m 30s`.
///
/// The units are `ns`, `us`, `ms`, `s`, `m`, `h` and `d`. A number without a unit is refused,
/// because its meaning is not clear. More than 3650 days are refused, so that clocks can represent
/// the result.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use plugin_core::config::Period;
///
/// let period: Period = "1m 30s".parse().expect("a length of time");
/// assert_eq!(period.get(), Duration::from_secs(90));
/// assert_eq!(period.to_string(), "1m 30s");
/// assert!("30".parse::<Period>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(Duration);

/// The longest period in a config; clocks can still represent a moment that far away.
const LONGEST: Duration = Duration::from_secs(3650 * 86_400);

const NANOS: u128 = 1_000_000_000;

const UNITS: [(&str, u128); 7] = [
    ("d", 86_400 * NANOS),
    ("h", 3_600 * NANOS),
    ("m", 60 * NANOS),
    ("s", NANOS),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Period {
    /// A period from the program.
    #[must_use]
    pub const fn new(duration: Duration) -> Self {
        Self(duration)
    }

    /// A number of seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// A number of milliseconds.
    #[must_use]
    pub const fn millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// The length of time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.0
    }
}

impl From<Duration> for Period {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

/// The error for a text that is not a length of time, or one that is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodError {
    what: &'static str,
}

impl PeriodError {
    /// What is wrong, without saying what would be right.
    pub(crate) const fn what(&self) -> &'static str {
        self.what
    }
}

impl fmt::Display for PeriodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected a length of time such as `30s`, `1m 30s` or `250ms`",
            self.what
        )
    }
}

impl std::error::Error for PeriodError {}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let what = match parse(text) {
            Some(period) if period.0 <= LONGEST => return Ok(period),
            Some(_) => "longer than 3650 days",
            None => "no length of time",
        };
        Err(PeriodError { what })
    }
}

fn parse(text: &str) -> Option<Period> {
    let mut rest = text.trim();
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let (number, tail) = split(rest, |c| c.is_ascii_digit() || c == '.')?;
        let (unit, tail) = split(tail.trim_start(), char::is_alphabetic)?;
        nanos = nanos.checked_add(scale(number, unit)?)?;
        rest = tail.trim_start();
    }
    let seconds = u64::try_from(nanos / NANOS).ok()?;
    let below = u32::try_from(nanos % NANOS).ok()?;
    (!text.trim().is_empty()).then(|| Period(Duration::new(seconds, below)))
}

/// The longest beginning of the text whose characters fit, and the rest; `None` if no character
/// fits.
fn split(text: &str, fits: impl Fn(char) -> bool) -> Option<(&str, &str)> {
    let end = text.find(|c| !fits(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn scale(number: &str, unit: &str) -> Option<u128> {
    let (_, nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let whole = u128::from(whole.parse::<u64>().ok()?).checked_mul(*nanos)?;
    let places = u32::try_from(fraction.len())
        .ok()
        .filter(|places| *places <= 9)?;
    let part = u128::from(fraction.parse::<u64>().ok()?) * nanos / 10_u128.pow(places);
    whole.checked_add(part)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_nanos();
        if rest == 0 {
            return f.write_str("0s");
        }
        let mut gap = "";
        for (unit, nanos) in UNITS {
            if rest >= nanos {
                write!(f, "{gap}{}{unit}", rest / nanos)?;
                rest %= nanos;
                gap = " ";
            }
        }
        Ok(())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "period",
            "pattern": r"^\s*(\d+(\.\d+)?\s*(ns|us|ms|s|m|h|d)\s*)+$",
        })
    }
}
