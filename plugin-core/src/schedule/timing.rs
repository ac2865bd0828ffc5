//! When something runs, and how.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::cron::Cron;
use super::trigger::Trigger;
use crate::counted::counted;
use crate::options::{Misfire, Overlap, ScheduleOptions};
use crate::period::Period;
use crate::schedule::error::TriggerError;

/// When something runs, and how.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use plugin_core::{Overlap, schedule::Timing};
///
/// let minute = Duration::from_secs(60);
/// let timing = Timing::every(minute).jitter(minute / 10).overlap(Overlap::Queue);
/// assert_eq!(timing.to_string(), "every 1m, jitter 6s, queues");
///
/// let nightly = Timing::cron("0 3 * * *", "Europe/Berlin").unwrap();
/// assert_eq!(nightly.to_string(), "cron `0 3 * * *` in Europe/Berlin");
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing runs before a `Scheduler` has it"]
pub struct Timing {
    pub(super) trigger: Trigger,
    pub(super) options: ScheduleOptions,
}

impl Timing {
    /// A timing with options that are declared or from config.
    pub(crate) const fn with(trigger: Trigger, options: ScheduleOptions) -> Self {
        Self { trigger, options }
    }

    const fn new(trigger: Trigger) -> Self {
        Self {
            trigger,
            options: ScheduleOptions::DEFAULT,
        }
    }

    /// At a fixed rate; the first time is after one period. A period of less than a millisecond
    /// counts as one, because timers have no finer resolution.
    pub fn every(period: Duration) -> Self {
        Self::new(Trigger::Every(period.max(Duration::from_millis(1))))
    }

    /// Whenever the time of day in a time zone matches an expression: see [`Cron`].
    ///
    /// # Errors
    ///
    /// Returns an error if the expression is invalid or never due, or if there is no time zone with
    /// this name.
    pub fn cron(expression: &str, timezone: &str) -> Result<Self, TriggerError> {
        Cron::new(expression, timezone).map(|cron| Self::new(Trigger::Cron(cron)))
    }

    /// Once, after a delay.
    pub const fn after(delay: Duration) -> Self {
        Self::new(Trigger::After(delay))
    }

    /// Once, at a time of day; at once if that time has passed.
    pub const fn at(time: SystemTime) -> Self {
        Self::new(Trigger::At(time))
    }

    /// Adds a random delay of up to `most` to each due time.
    pub const fn jitter(mut self, most: Duration) -> Self {
        self.options = self.options.jitter(most);
        self
    }

    /// Ends it after this number of runs.
    ///
    /// # Panics
    ///
    /// Panics if `max_runs` is zero.
    pub const fn max_runs(mut self, max_runs: u64) -> Self {
        self.options = self.options.max_runs(max_runs);
        self
    }

    /// Sets what happens if the previous run is still in progress.
    pub const fn overlap(mut self, overlap: Overlap) -> Self {
        self.options = self.options.overlap(overlap);
        self
    }

    /// Sets what happens to missed times.
    pub const fn misfire(mut self, misfire: Misfire) -> Self {
        self.options = self.options.misfire(misfire);
        self
    }

    /// Sets the time limit of one run; by default the plugin's.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.options = self.options.timeout(timeout);
        self
    }

    /// When it is due.
    #[must_use]
    pub const fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Its options.
    #[must_use]
    pub const fn options(&self) -> &ScheduleOptions {
        &self.options
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        self.trigger.fmt(f)?;
        if !options.jitter.is_zero() {
            write!(f, ", jitter {}", Period::new(options.jitter))?;
        }
        if let Some(runs) = options.max_runs {
            write!(f, ", at most {}", counted(runs, "run"))?;
        }
        f.write_str(match options.overlap {
            Overlap::Skip => "",
            Overlap::Queue => ", queues",
            Overlap::Parallel => ", parallel",
        })?;
        f.write_str(match options.misfire {
            Misfire::RunOnce => "",
            Misfire::Skip => ", does not make up",
            Misfire::CatchUp => ", catches up",
        })?;
        match options.timeout {
            Some(timeout) => write!(f, ", timeout {}", Period::new(timeout)),
            None => Ok(()),
        }
    }
}
