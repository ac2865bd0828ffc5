//! A stage of one unit's start by its policy: tried again, given up, or not tried because what it
//! needs has failed.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::kernel::Kernel;
use super::providing::install;
use super::starting::{initialize, start};
use super::state::{State, Step};
use super::stopping;
use crate::audit::Outcome;
use crate::config::StartPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::event::kernel::PluginFailed;

/// A stage of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Init,
    Start,
}

impl Stage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Start => "start",
        }
    }
}

/// A plugin that `unit` can't be without and of which every instance has failed.
pub(super) fn missing_need(kernel: &Kernel, unit: usize) -> Option<&'static str> {
    let down = |unit: usize| {
        let state = kernel.units[unit].board.read().state;
        matches!(state, State::Failed | State::Stopped)
    };
    (kernel.units[unit].needs.iter())
        .find(|need| (*need).clone().all(down))
        .map(|need| kernel.units[need.start].plugin())
}

/// Runs a stage of one unit, again and again if its policy says so.
pub(super) async fn with_policy(
    kernel: &Arc<Kernel>,
    unit: usize,
    stage: Stage,
    interrupt: &CancellationToken,
) -> Result<()> {
    let this = &kernel.units[unit];
    let policy = &this.settings.start;
    let mut attempt = 1;
    loop {
        let error = match attempt_stage(kernel, unit, stage, attempt).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let again = policy.policy == StartPolicy::Retry
            && attempt < policy.attempts
            && missing_need(kernel, unit).is_none()
            && !interrupt.is_cancelled()
            && !matches!(error.kind(), ErrorKind::Config | ErrorKind::Denied);
        kernel.failed(unit, &error, again);
        if !again {
            return Err(error);
        }
        let pause = policy.backoff.pause(attempt);
        tracing::warn!(
            plugin = this.name(),
            attempt,
            ?pause,
            "will try again: {error}"
        );
        attempt += 1;
        if Box::pin(is_interrupted(kernel, pause, interrupt)).await {
            return Err(error);
        }
    }
}

/// Waits, and says whether the start is given up meanwhile.
async fn is_interrupted(kernel: &Kernel, pause: Duration, interrupt: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => false,
        () = interrupt.cancelled() => true,
        () = kernel.insist.cancelled() => true,
    }
}

async fn attempt_stage(
    kernel: &Arc<Kernel>,
    unit: usize,
    stage: Stage,
    attempt: u32,
) -> Result<()> {
    if let Some(need) = missing_need(kernel, unit) {
        return Err(Box::pin(follow(kernel, unit, need)).await);
    }
    if stage == Stage::Init || attempt > 1 {
        initialize(kernel, unit).await?;
        install(kernel, unit);
    }
    if stage == Stage::Start {
        start(kernel, unit).await?;
    }
    Ok(())
}

/// Fails a unit because one that it can't be without has failed.
async fn follow(kernel: &Arc<Kernel>, unit: usize, need: &str) -> Error {
    let error = Error::external(format!("it needs `{need}`, which does not run"));
    let this = &kernel.units[unit];
    // One that is built already takes no such step, and needs none to fail.
    let _built = this.step(Step::Initialize);
    this.fail(&error);
    stopping::discard(kernel, unit).await;
    error
}

impl Kernel {
    /// Tells everyone of a failure.
    pub(super) fn failed(&self, unit: usize, error: &Error, restarts: bool) {
        let this = &self.units[unit];
        self.audit(unit, "fail", Outcome::Failed, Some(error.to_string()));
        self.announcer.announce(PluginFailed {
            plugin: this.name().to_owned(),
            kind: error.kind().as_str().to_owned(),
            error: error.to_string(),
            restarts,
        });
    }
}
