//! When a scheduled method runs, and how.

use std::time::Duration;

/// When a declared schedule is due, as it is written in the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At a fixed rate. The first time is one period after the start of the plugin.
    Every(Duration),
    /// Whenever the time of day in a time zone matches an expression of five or six fields.
    Cron {
        /// The expression.
        expression: &'static str,
        /// Name of the time zone in the IANA database.
        timezone: &'static str,
    },
    /// Once, this long after the start of the plugin.
    After(Duration),
}

/// What happens if a time is due while the previous run is still in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// There is no run for this time; it is counted as skipped.
    #[default]
    Skip,
    /// The run begins when the earlier runs have ended.
    Queue,
    /// The run begins at once.
    Parallel,
}

/// What happens to missed times, because the process was suspended, its clock was set, or it was
/// too busy to check. A time is missed if it is noticed more than a second late, or when the next
/// one is already due as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfire {
    /// There are no runs for them.
    Skip,
    /// One run replaces all of them, at once.
    #[default]
    RunOnce,
    /// Each of them gets a run, one after the other unless runs may be parallel. Of more than 1000
    /// missed times, only the last 1000 get a run.
    CatchUp,
}

/// How a schedule runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleOptions {
    /// Longest random delay that is added to each due time; it always ends before the next due
    /// time.
    pub jitter: Duration,
    /// Number of runs in one life of the plugin after which the schedule ends; `None` means never.
    pub max_runs: Option<u64>,
    /// What happens if the previous run is still in progress.
    pub overlap: Overlap,
    /// What happens to missed times.
    pub misfire: Misfire,
    /// Time limit of one run; `None` means the plugin's `timeout`.
    pub timeout: Option<Duration>,
}

impl ScheduleOptions {
    /// The options of a `#[schedule]` that only says when it is due.
    pub const DEFAULT: Self = Self {
        jitter: Duration::ZERO,
        max_runs: None,
        overlap: Overlap::Skip,
        misfire: Misfire::RunOnce,
        timeout: None,
    };

    /// Sets the longest random delay.
    #[must_use]
    pub const fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the number of runs after which it ends.
    ///
    /// # Panics
    ///
    /// Panics if `max_runs` is zero.
    #[must_use]
    pub const fn max_runs(mut self, max_runs: u64) -> Self {
        assert!(max_runs > 0, "`max_runs` is at least 1");
        self.max_runs = Some(max_runs);
        self
    }

    /// Sets what happens if the previous run is still in progress.
    #[must_use]
    pub const fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    /// Sets what happens to missed times.
    #[must_use]
    pub const fn misfire(mut self, misfire: Misfire) -> Self {
        self.misfire = misfire;
        self
    }

    /// Sets the time limit of one run.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl Default for ScheduleOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}
