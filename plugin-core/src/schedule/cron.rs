//! A cron expression in a timezone.
//!
//! What a change of the clocks does is what Vixie's cron does: a fixed time that the change skips
//! is due when the clocks have been put forward; one that comes twice is due the first time. Times
//! with a `*` in their hours go on at their pace.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::grammar;
use super::trigger::TriggerError;
use crate::nearest::nearest;

/// A cron expression in a timezone.
#[derive(Debug, Clone)]
pub struct Cron(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    expression: String,
    pattern: croner::Cron,
    zone: TimeZone,
    timezone: String,
}

impl Cron {
    /// Reads an expression of five fields, or of six with seconds first, and finds the timezone by
    /// its name in the IANA database, such as `Europe/Berlin` or `UTC`.
    ///
    /// # Errors
    ///
    /// When it is no expression, when it is never due, or when no timezone has the name.
    ///
    /// # Example
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use plugin_core::schedule::Cron;
    ///
    /// let cron = Cron::new("30 3 * * *", "UTC").unwrap();
    /// let next = cron.next(SystemTime::UNIX_EPOCH).unwrap();
    /// assert_eq!(next, SystemTime::UNIX_EPOCH + Duration::from_secs(12_600));
    /// assert!(Cron::new("30 25 * * *", "UTC").is_err());
    /// ```
    pub fn new(expression: &str, timezone: &str) -> Result<Self, TriggerError> {
        let refused = |why: String| TriggerError::Cron {
            expression: expression.to_owned(),
            why,
        };
        if let Some(fault) = grammar::fault(expression) {
            return Err(refused(fault.to_owned()));
        }
        let pattern =
            croner::Cron::from_str(expression).map_err(|error| refused(error.to_string()))?;
        let zone = TimeZone::get(timezone).map_err(|_| TriggerError::Timezone {
            name: timezone.to_owned(),
            meant: meant(timezone),
        })?;
        let cron = Self(Arc::new(Inner {
            expression: expression.to_owned(),
            pattern,
            zone,
            timezone: timezone.to_owned(),
        }));
        match cron.next(SystemTime::UNIX_EPOCH + SOME_TIME) {
            Some(_) => Ok(cron),
            None => Err(refused("no day of any year is one of its days".to_owned())),
        }
    }

    /// The first time that is due after another.
    #[must_use]
    pub fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let after = Timestamp::try_from(after).ok()?;
        let after = Zoned::new(after, self.0.zone.clone());
        let next = self.0.pattern.find_next_occurrence(&after, false).ok()?;
        Some(next.timestamp().into())
    }

    /// The expression.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.0.expression
    }

    /// Name of the timezone.
    #[must_use]
    pub fn timezone(&self) -> &str {
        &self.0.timezone
    }
}

/// A day of our days, from which an expression that has any day finds one.
const SOME_TIME: Duration = Duration::from_secs(1_700_000_000);

/// A timezone with a name that is near.
fn meant(name: &str) -> Option<String> {
    let known: Vec<_> = jiff::tz::db().available().collect();
    let meant = nearest(name, known.iter().map(|known| known.as_str()))?;
    Some(meant.to_owned())
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cron `{}` in {}", self.expression(), self.timezone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next times after one, in the timezone's own words.
    fn next(expression: &str, after: &str, count: usize) -> Vec<String> {
        let cron = Cron::new(expression, "Europe/Berlin").unwrap();
        let mut at: SystemTime = after.parse::<Zoned>().unwrap().timestamp().into();
        let mut times = Vec::new();
        for _ in 0..count {
            at = cron.next(at).unwrap();
            let zoned = Zoned::new(Timestamp::try_from(at).unwrap(), cron.0.zone.clone());
            times.push(zoned.strftime("%d %H:%M:%S %:z").to_string());
        }
        times
    }

    #[test]
    fn a_fixed_time_that_the_clocks_skip_is_due_after_the_gap_and_once() {
        // On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00.
        assert_eq!(
            next("30 2 * * *", "2026-03-28T00:00[Europe/Berlin]", 3),
            [
                "28 02:30:00 +01:00",
                "29 03:00:00 +02:00",
                "30 02:30:00 +02:00"
            ]
        );
    }

    #[test]
    fn a_fixed_time_that_comes_twice_is_due_the_first_time() {
        // On 2026-10-25 the clocks of Berlin go from 03:00 to 02:00.
        assert_eq!(
            next("30 2 * * *", "2026-10-24T12:00[Europe/Berlin]", 2),
            ["25 02:30:00 +02:00", "26 02:30:00 +01:00"]
        );
    }

    #[test]
    fn a_pace_goes_on_through_a_gap_and_a_fold() {
        assert_eq!(
            next("*/30 * * * *", "2026-03-29T01:15[Europe/Berlin]", 3),
            [
                "29 01:30:00 +01:00",
                "29 03:00:00 +02:00",
                "29 03:30:00 +02:00"
            ]
        );
        assert_eq!(
            next("*/30 * * * *", "2026-10-25T02:15+02:00[Europe/Berlin]", 4),
            [
                "25 02:30:00 +02:00",
                "25 02:00:00 +01:00",
                "25 02:30:00 +01:00",
                "25 03:00:00 +01:00"
            ]
        );
    }

    #[test]
    fn six_fields_have_seconds() {
        assert_eq!(
            next("*/20 59 23 * * *", "2026-06-01T00:00[Europe/Berlin]", 4),
            [
                "01 23:59:00 +02:00",
                "01 23:59:20 +02:00",
                "01 23:59:40 +02:00",
                "02 23:59:00 +02:00"
            ]
        );
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        let why = |expression, timezone| Cron::new(expression, timezone).unwrap_err().to_string();
        assert_eq!(
            why("0 0 30 2 *", "UTC"),
            "`0 0 30 2 *` can't be used: no day of any year is one of its days"
        );
        assert_eq!(
            why("0 0 * * *", "Europe/Berln"),
            "no timezone is named `Europe/Berln`: did you mean `Europe/Berlin`?"
        );
        assert!(why("0 0 * *", "UTC").contains("five or six fields"));
    }
}
