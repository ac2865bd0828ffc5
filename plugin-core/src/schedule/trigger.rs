//! When something is due.

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::cron::Cron;
use super::error::TriggerError;
use crate::clock::Clock;
use crate::options::When;
use crate::period::Period;

/// When something is due.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Trigger {
    /// At a fixed rate; the first time is one period after the beginning.
    Every(Duration),
    /// Whenever the time of day in a time zone matches.
    Cron(Cron),
    /// Once, this long after the beginning.
    After(Duration),
    /// Once, at a time of day.
    At(SystemTime),
}

impl Trigger {
    /// The trigger of a declared schedule.
    pub(crate) fn declared(when: When) -> Result<Self, TriggerError> {
        match when {
            When::Every(period) if period.is_zero() => Err(TriggerError::NoPeriod),
            // Timers have no finer resolution.
            When::Every(period) => Ok(Self::Every(period.max(Duration::from_millis(1)))),
            When::After(delay) => Ok(Self::After(delay)),
            When::Cron {
                expression,
                timezone,
            } => Cron::new(expression, timezone).map(Self::Cron),
        }
    }

    /// Whether it is due once.
    pub(crate) const fn is_once(&self) -> bool {
        matches!(self, Self::After(_) | Self::At(_))
    }

    /// Whether it depends on the time of day, which can be set, and not on elapsed time.
    pub(super) const fn is_of_the_day(&self) -> bool {
        matches!(self, Self::Cron(_) | Self::At(_))
    }

    /// The first due time, if it begins at this moment.
    pub(super) fn first(&self, begin: Instant, clock: &Clock) -> Option<Due> {
        match self {
            Self::Every(wait) | Self::After(wait) => Some(Due::steady(later(begin, *wait))),
            Self::Cron(cron) => {
                let after = clock.time_of(begin);
                cron.next(after)
                    .map(|time| Due::of_day(time, clock).after(after))
            }
            Self::At(time) => Some(Due::of_day(*time, clock)),
        }
    }

    /// The due time after `due`.
    pub(super) fn next(&self, due: &Due, clock: &Clock) -> Option<Due> {
        match self {
            Self::Every(period) => Some(Due::steady(later(due.at, *period))),
            Self::Cron(cron) => {
                let after = due.time(clock);
                cron.next(after)
                    .map(|time| Due::of_day(time, clock).after(after))
            }
            Self::After(_) | Self::At(_) => None,
        }
    }

    /// The due time that replaces `due` if the clock was set back before the time after which `due`
    /// was computed, because the old computation is not valid any more.
    ///
    /// Times with fixed hours are due once a day: those of the last hours that were due already
    /// according to `taken` are not due again.
    pub(super) fn instead(
        &self,
        due: &Due,
        taken: Option<SystemTime>,
        clock: &Clock,
    ) -> Option<Due> {
        let (Self::Cron(cron), now) = (self, clock.now()) else {
            return None;
        };
        if now + UNSET >= due.after? {
            return None;
        }
        let is_again = |taken: &SystemTime| {
            let back = taken.duration_since(now);
            cron.is_fixed() && back.is_ok_and(|back| back < CORRECTED)
        };
        let after = taken.filter(is_again).unwrap_or(now);
        let time = cron.next(after)?;
        Some(Due::of_day(time, clock).after(after))
    }

    /// The first time at its interval that is due after `now`.
    pub(super) fn next_after(&self, due: &Due, now: Instant, clock: &Clock) -> Option<Due> {
        match self {
            Self::Every(period) => {
                let periods = now.saturating_duration_since(due.at).as_nanos() / period.as_nanos();
                let periods = u32::try_from(periods + 1).unwrap_or(u32::MAX);
                let ahead = period.saturating_mul(periods);
                Some(Due::steady(later(due.at, ahead)))
            }
            _ => self.first(now, clock),
        }
    }
}

/// A delay that no process will outlive.
const FOR_EVER: Duration = Duration::from_secs(3650 * 86_400);

/// How far a clock may differ without having been set, because timers and clocks do not run at
/// exactly the same rate.
const UNSET: Duration = Duration::from_secs(1);

/// If a clock is set back by less than this, times occur again, as at the end of summer time. If it
/// is set back by more, it was wrong before.
const CORRECTED: Duration = Duration::from_secs(3 * 3600);

fn later(at: Instant, wait: Duration) -> Instant {
    at + wait.min(FOR_EVER)
}

/// A due time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// The time on tokio's clock.
    pub(super) at: Instant,
    /// The time of day that it depends on; the machine's clock can be set.
    of_day: Option<SystemTime>,
    /// It is the first due time after this time of day.
    after: Option<SystemTime>,
}

impl Due {
    pub(super) fn steady(at: Instant) -> Self {
        let (of_day, after) = (None, None);
        Self { at, of_day, after }
    }

    fn of_day(time: SystemTime, clock: &Clock) -> Self {
        Self {
            at: clock.instant_of(time),
            of_day: Some(time),
            after: None,
        }
    }

    fn after(mut self, time: SystemTime) -> Self {
        self.after = Some(time);
        self
    }

    /// Its time of day.
    pub(super) fn time(&self, clock: &Clock) -> SystemTime {
        self.of_day.unwrap_or_else(|| clock.time_of(self.at))
    }

    /// Adjusts it to a clock that was set.
    pub(super) fn refresh(&mut self, clock: &Clock) {
        if let Some(time) = self.of_day {
            self.at = clock.instant_of(time);
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(period) => write!(f, "every {}", Period::new(*period)),
            Self::Cron(cron) => cron.fmt(f),
            Self::After(delay) => write!(f, "once, after {}", Period::new(*delay)),
            Self::At(time) => write!(f, "once, at {}", crate::timestamp::Timestamp(*time)),
        }
    }
}
