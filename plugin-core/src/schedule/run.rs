//! One run of a schedule.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::status::RunOutcome;
use crate::boxed::BoxFuture;
use crate::context::Current;
use crate::error::{Error, ErrorKind, Result};
use crate::guard;

/// One run of a schedule, as the method that runs gets it.
#[derive(Debug, Clone)]
pub struct ScheduledRun {
    pub(super) schedule: Arc<str>,
    pub(super) number: u64,
    pub(super) due: SystemTime,
    pub(super) by_hand: bool,
}

impl ScheduledRun {
    /// A run that the host of this process has begun.
    pub(crate) fn of(schedule: &str, number: u64, (due, by_hand): (SystemTime, bool)) -> Self {
        Self {
            schedule: schedule.into(),
            number,
            due,
            by_hand,
        }
    }

    /// Name of the schedule.
    #[must_use]
    pub fn schedule(&self) -> &str {
        &self.schedule
    }

    /// The number of the run in this life of the plugin, counted from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was due, without jitter; for a run that an operator requested, the time of the
    /// request.
    #[must_use]
    pub fn due(&self) -> SystemTime {
        self.due
    }

    /// Whether an operator requested it.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        self.by_hand
    }
}

/// The function that a run calls.
pub(super) type Call = Arc<dyn Fn(ScheduledRun) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) run: ScheduledRun,
    pub(crate) took: Duration,
    pub(crate) outcome: Result<()>,
}

impl Ended {
    pub(super) fn outcome(&self) -> RunOutcome {
        match &self.outcome {
            Ok(()) => RunOutcome::Completed,
            Err(error) if error.kind() == ErrorKind::Timeout => RunOutcome::TimedOut,
            Err(_) => RunOutcome::Failed,
        }
    }
}

/// Calls it, guarded.
///
/// # Cancel safety
///
/// If this future is dropped, the plugin's future is dropped at its last await.
pub(super) async fn run(current: Current, limit: Duration, call: Call, run: ScheduledRun) -> Ended {
    let began = Instant::now();
    let told = run.clone();
    let outcome = match guard::call(current, move || Ok(call(told))) {
        Ok(future) => guard::run(current, limit, future).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &outcome {
        log(current.plugin, &run, error);
    }
    Ended {
        run,
        took: began.elapsed(),
        outcome,
    }
}

fn log(plugin: &str, run: &ScheduledRun, error: &Error) {
    tracing::error!(
        plugin,
        schedule = run.schedule(),
        run = run.number,
        kind = error.kind().as_str(),
        "run failed: {error}"
    );
}
