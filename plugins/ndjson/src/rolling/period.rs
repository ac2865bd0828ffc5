//! Periods of the clock in UTC: a number for comparisons, and a date for names.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When a new file is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollingPeriod {
    /// Each minute.
    Minute,
    /// Each hour.
    Hour,
    /// Each day.
    Day,
    /// Never.
    Never,
}

impl RollingPeriod {
    fn seconds(self) -> Option<u64> {
        match self {
            Self::Minute => Some(60),
            Self::Hour => Some(3_600),
            Self::Day => Some(86_400),
            Self::Never => None,
        }
    }

    /// The number of the period that contains a time.
    pub(super) fn of(self, time: SystemTime) -> u64 {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.seconds().map_or(0, |length| since.as_secs() / length)
    }

    /// The text of a period in a name: `2026-11-30`, `2026-11-30-09`, `2026-11-30-09-05`.
    pub(super) fn date(self, period: u64) -> Option<String> {
        let format = match self {
            Self::Minute => "%Y-%m-%d-%H-%M",
            Self::Hour => "%Y-%m-%d-%H",
            Self::Day => "%Y-%m-%d",
            Self::Never => return None,
        };
        let seconds = period.checked_mul(self.seconds()?)?;
        // For a clock beyond the year 9999, the last period is used.
        let time = i64::try_from(seconds).ok();
        let time = time.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let time = time.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC);
        Some(time.strftime(format).to_string())
    }
}
