//! Runs one stage of an instance's start according to its policy: the stage is retried, given up,
//! or not attempted because something that the instance needs has failed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::instance::Instance;
use super::kernel::Kernel;
use super::providing::install;
use super::starting::{initialize, start};
use super::state::{State, Step};
use super::status::Again;
use super::stopping;
use crate::audit::Outcome;
use crate::config::StartPolicy;
use crate::error::{Error, ErrorKind, Result};
use crate::event::kernel::PluginFailed;

/// A stage of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartStage {
    Init,
    Start,
}

impl StartStage {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Start => "start",
        }
    }
}

/// Something that `instance` needs and of which every instance has failed.
pub(super) fn missing_need(kernel: &Kernel, instance: &Instance) -> Option<&'static str> {
    let may_serve = |one: &Instance| !matches!(one.state(), State::Failed | State::Stopped);
    let missing = kernel.missing_needs(instance, may_serve);
    missing.first().map(|&need| kernel.wiring.name(need))
}

/// Runs a stage of one instance, and retries it if the policy of the instance says so.
pub(super) async fn with_policy(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    stage: StartStage,
    interrupt: &CancellationToken,
) -> Result<()> {
    let setup = instance.setup();
    let policy = &setup.start;
    let mut attempt = 1;
    loop {
        let error = match attempt_stage(kernel, instance, stage, attempt).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let again = policy.policy == StartPolicy::Retry
            && attempt < policy.attempts
            && missing_need(kernel, instance).is_none()
            && !interrupt.is_cancelled()
            && !matches!(error.kind(), ErrorKind::Config | ErrorKind::Denied);
        kernel.failed(instance, &error, again);
        if !again {
            return Err(error);
        }
        let pause = policy.backoff.pause(attempt);
        tracing::warn!(
            plugin = instance.name(),
            attempt,
            ?pause,
            "will try again: {error}"
        );
        attempt += 1;
        instance.plan(Some(Again {
            due: Instant::now() + pause,
            attempt,
            of: policy.attempts,
        }));
        if Box::pin(is_interrupted(kernel, pause, interrupt)).await {
            return Err(error);
        }
    }
}

/// Waits for the pause; returns whether the start was interrupted meanwhile.
async fn is_interrupted(kernel: &Kernel, pause: Duration, interrupt: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => false,
        () = interrupt.cancelled() => true,
        () = kernel.insist.cancelled() => true,
    }
}

async fn attempt_stage(
    kernel: &Arc<Kernel>,
    instance: &Arc<Instance>,
    stage: StartStage,
    attempt: u32,
) -> Result<()> {
    if let Some(need) = missing_need(kernel, instance) {
        return Err(Box::pin(follow(kernel, instance, need)).await);
    }
    if stage == StartStage::Init || attempt > 1 {
        initialize(kernel, instance, &Arc::default()).await?;
        install(kernel, instance);
    }
    if stage == StartStage::Start {
        start(kernel, instance).await?;
    }
    Ok(())
}

/// Makes an instance fail because an instance that it needs has failed.
async fn follow(kernel: &Arc<Kernel>, instance: &Instance, need: &str) -> Error {
    let error = Error::external(format!("it needs `{need}`, which does not run"));
    // If the instance is built already, this step is not allowed, and not needed before `Fail`.
    let _built = instance.step(Step::Initialize);
    instance.fail(&error);
    stopping::discard(kernel, instance).await;
    error
}

impl Kernel {
    /// Writes a failure to the audit log and announces it to subscribers.
    pub(super) fn failed(&self, instance: &Instance, error: &Error, restarts: bool) {
        self.audit(instance, "fail", Outcome::Failed, Some(error.to_string()));
        self.announcer.announce(PluginFailed {
            plugin: instance.name().to_owned(),
            kind: error.kind().as_str().to_owned(),
            error: error.to_string(),
            restarts,
        });
    }
}
