//! A cron expression in a timezone.
//!
//! What a change of the clocks does is what Vixie's cron does, decided by the hours. Times whose
//! hours are named, by numbers, lists or ranges, are due once: those that the change skips right
//! after it, those that come twice the first time. Times with a `*` in their hours go on at their
//! pace: they are due whenever the clock shows them.

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

/// A cron expression in a timezone.
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

    /// The first time that is due after another.
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

    /// Whether its times are named by their hours, so that each is due once a day.
    pub(super) fn is_fixed(&self) -> bool {
        let hours = self.expression().split_ascii_whitespace().rev().nth(3);
        hours.is_some_and(|hours| !hours.contains('*'))
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
mod tests;
