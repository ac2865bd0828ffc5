//! A cron expression in a time zone.
//!
//! Changes of the clocks have the same effect as in Vixie's cron, which depends on the hours. Times
//! with fixed hours (numbers, lists or ranges) are due once: times that the change skips are due
//! right after it, and times that occur twice are due the first time. Times with a `*` in their
//! hours keep their interval: they are due whenever the clock shows them.

mod local;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::grammar;
use crate::nearest::nearest;
use crate::schedule::error::TriggerError;

/// A cron expression in a time zone.
#[derive(Debug, Clone)]
pub struct Cron(Arc<CronInner>);

#[derive(Debug)]
struct CronInner {
    expression: String,
    pattern: croner::Cron,
    zone: TimeZone,
    timezone: String,
}

impl Cron {
    /// Parses an expression of five fields, or of six with seconds first, and finds the time zone
    /// by its name in the IANA database, such as `Europe/Berlin` or `UTC`.
    ///
    /// # Errors
    ///
    /// Returns an error if the expression is invalid or never due, or if there is no time zone with
    /// this name.
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
        let cron = Self(Arc::new(CronInner {
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

    /// The first due time after `after`.
    #[must_use]
    pub fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let CronInner { pattern, zone, .. } = &*self.0;
        let after = Timestamp::try_from(after).ok()?;
        let next = if self.is_fixed() {
            local::next_fixed(pattern, zone, after)
        } else {
            local::next_paced(pattern, zone, after)
        };
        next.map(Into::into)
    }

    /// Whether its hours are fixed, so that each of its times is due once a day.
    pub(super) fn is_fixed(&self) -> bool {
        let hours = self.expression().split_ascii_whitespace().rev().nth(3);
        hours.is_some_and(|hours| !hours.contains('*'))
    }

    /// The expression.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.0.expression
    }

    /// Name of the time zone.
    #[must_use]
    pub fn timezone(&self) -> &str {
        &self.0.timezone
    }
}

/// A recent day, from which an expression that is ever due finds a due time.
const SOME_TIME: Duration = Duration::from_secs(1_700_000_000);

/// A time zone with a similar name.
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
mod tests;
