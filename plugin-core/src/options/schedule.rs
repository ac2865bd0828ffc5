//! When a method runs at times of its own, and how.

use std::time::Duration;

/// When a declared schedule is due, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At a fixed rate, the first time one period after the plugin runs.
    Every(Duration),
    /// Whenever the time of day in a timezone matches an expression of five or six fields.
    Cron {
        /// The expression.
        expression: &'static str,
        /// Name of the timezone in the IANA database.
        timezone: &'static str,
    },
    /// Once, so long after the plugin runs.
    After(Duration),
}

/// What happens when a time is due and the run before it still goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// There is no run for that time: it is counted as skipped.
    #[default]
    Skip,
    /// The run begins when those before it have ended.
    Queue,
    /// The run begins at once.
    Parallel,
}

/// What happens to times that were missed: the process was suspended, its clock was moved, or it
/// was too busy to look. A time is missed when it is seen more than a second late, or when the
/// next one is due as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Misfire {
    /// Nothing makes up for them.
    Skip,
    /// One run, at once, makes up for all of them.
    #[default]
    RunOnce,
    /// Each has its run, one after the other unless they may be parallel; of more than 1000 at
    /// once, the last 1000 have.
    CatchUp,
}

/// How a schedule is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScheduleOptions {
    /// Longest delay that is added to each due time, at random; it ends before the next one.
    pub jitter: Duration,
    /// Runs after which it ends, in one life of the plugin; `None` never ends.
    pub max_runs: Option<u64>,
    /// What happens when the run before still goes.
    pub overlap: Overlap,
    /// What happens to times that were missed.
    pub misfire: Misfire,
    /// Time limit of one run; `None` takes the plugin's.
    pub timeout: Option<Duration>,
}

impl ScheduleOptions {
    /// The options of a `#[schedule]` that says only when.
    pub const DEFAULT: Self = Self {
        jitter: Duration::ZERO,
        max_runs: None,
        overlap: Overlap::Skip,
        misfire: Misfire::RunOnce,
        timeout: None,
    };

    /// Sets the longest delay that is added at random.
    #[must_use]
    pub const fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets after how many runs it ends.
    ///
    /// # Panics
    ///
    /// When `max_runs` is zero.
    #[must_use]
    pub const fn max_runs(mut self, max_runs: u64) -> Self {
        assert!(max_runs > 0, "`max_runs` is at least 1");
        self.max_runs = Some(max_runs);
        self
    }

    /// Sets what happens when the run before still goes.
    #[must_use]
    pub const fn overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    /// Sets what happens to times that were missed.
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
