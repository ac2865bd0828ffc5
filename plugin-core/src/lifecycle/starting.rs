//! The start of one unit: `init`, then `start`, each with its deadline; and of all: two sweeps
//! that succeed together or are rolled back together.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::activation::{activate, scope};
use super::events::{PluginFailed, PluginInitialized, PluginStarted, SystemStarted};
use super::hook;
use super::kernel::Kernel;
use super::providing::install;
use super::report::{PluginStart, StartError, StartFailure, StartReport};
use super::state::{State, Step};
use super::stopping;
use super::sweep::{Flow, Sweep};
use super::unit::Live;
use crate::audit::Outcome;
use crate::config::StartPolicy;
use crate::descriptor::{BoxFuture, PluginRef};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Deliveries, Subscriber};
use crate::init::InitContext;

/// Starts all units, or none.
pub(super) async fn start_all(
    kernel: &Arc<Kernel>,
    interrupt: &CancellationToken,
) -> Result<StartReport, StartError> {
    let began = Instant::now();
    let mut boot = Boot {
        failures: Vec::new(),
        plugins: (kernel.units.iter())
            .map(|unit| PluginStart {
                name: unit.name(),
                init: Duration::ZERO,
                start: Duration::ZERO,
                failure: None,
            })
            .collect(),
    };
    for stage in [Stage::Init, Stage::Start] {
        boot.sweep(kernel, stage, interrupt).await;
        if !boot.failures.is_empty() || interrupt.is_cancelled() {
            let rollback = stopping::stop_all(kernel, None).await;
            return Err(StartError {
                failures: boot.failures,
                rollback,
            });
        }
    }
    kernel.announcer.announce(SystemStarted {
        plugins: (kernel.units.iter())
            .filter(|unit| unit.board.read().state == State::Running)
            .map(|unit| unit.name().to_owned())
            .collect(),
    });
    kernel.flush_announcements().await;
    Ok(StartReport {
        plugins: boot.plugins,
        took: began.elapsed(),
    })
}

/// A stage of the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Init,
    Start,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Start => "start",
        }
    }
}

/// What a start has come to so far.
struct Boot {
    plugins: Vec<PluginStart>,
    failures: Vec<StartFailure>,
}

impl Boot {
    async fn sweep(&mut self, kernel: &Arc<Kernel>, stage: Stage, interrupt: &CancellationToken) {
        let units = (0..kernel.units.len())
            .filter(|&unit| kernel.units[unit].board.read().state != State::Failed)
            .collect();
        let sweep = Sweep::new(units, |unit| &kernel.units[unit].before);
        let step = |unit: usize| {
            let (kernel, interrupt) = (Arc::clone(kernel), interrupt.clone());
            async move {
                let began = Instant::now();
                let result = with_policy(&kernel, unit, stage, &interrupt).await;
                (began.elapsed(), result)
            }
        };
        let done = |unit: usize, (took, result): (Duration, Result<()>)| {
            match stage {
                Stage::Init => self.plugins[unit].init = took,
                Stage::Start => self.plugins[unit].start = took,
            }
            match result {
                Ok(()) => {}
                // A hook that an interrupt cut off is no failure of its plugin.
                Err(_) if interrupt.is_cancelled() => {}
                Err(error) => self.fail(kernel, unit, stage, error),
            }
            if self.failures.is_empty() && !interrupt.is_cancelled() {
                Flow::Continue
            } else {
                Flow::Halt
            }
        };
        sweep.run(kernel.max_concurrency, step, done).await;
    }

    /// A failure ends the start, unless the unit's policy is to ignore it or it only follows one
    /// that was ignored.
    fn fail(&mut self, kernel: &Kernel, unit: usize, stage: Stage, error: Error) {
        let name = kernel.units[unit].name();
        let ignored = kernel.units[unit].settings.start.policy == StartPolicy::Ignore
            || missing_need(kernel, unit).is_some();
        tracing::error!(
            plugin = name,
            stage = stage.name(),
            kind = error.kind().as_str(),
            ignored,
            "plugin failed: {error}"
        );
        if ignored {
            self.plugins[unit].failure = Some(error.to_string());
        } else {
            self.failures.push(StartFailure {
                plugin: name,
                stage: stage.name(),
                error,
            });
        }
    }
}

/// A plugin that `unit` can't be without and of which every instance has failed.
fn missing_need(kernel: &Kernel, unit: usize) -> Option<&'static str> {
    let down = |unit: usize| {
        let state = kernel.units[unit].board.read().state;
        matches!(state, State::Failed | State::Stopped)
    };
    (kernel.units[unit].needs.iter())
        .find(|need| (*need).clone().all(down))
        .map(|need| kernel.units[need.start].plugin())
}

/// Runs a stage of one unit, again and again if its policy says so.
async fn with_policy(
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

/// Starts one unit from the beginning: what a restart does. Its services change hands only when
/// it runs.
pub(super) async fn launch(kernel: &Arc<Kernel>, unit: usize) -> Result<()> {
    let launched = match initialize(kernel, unit).await {
        Ok(()) => start(kernel, unit).await,
        Err(error) => Err(error),
    };
    launched.inspect(|()| install(kernel, unit))
}

async fn initialize(kernel: &Arc<Kernel>, unit: usize) -> Result<()> {
    let this = &kernel.units[unit];
    let began = Instant::now();
    this.step(Step::Initialize)?;
    this.begin_generation();
    this.identity.unmute();
    this.timetable.begin();
    let mailbox = (kernel.bus).mailbox(this.identity.uid(), this.settings.mailbox);
    let subscriber = Subscriber::new(
        kernel.bus.clone(),
        Arc::clone(&this.identity),
        Arc::clone(&mailbox),
        this.settings.timeout,
    );
    let plugin = match build(kernel, unit, &subscriber).await {
        Ok(plugin) => plugin,
        Err(error) => {
            this.fail(&error);
            Box::pin(this.timetable.end()).await;
            return Err(error);
        }
    };
    *this.live() = Some(Live {
        plugin,
        mailbox,
        subscriber,
        has_started: false,
        tasks: None,
        worker: None,
        reception: None,
        deliveries: Deliveries::default(),
    });
    this.step(Step::Initialized)?;
    kernel.announcer.announce(PluginInitialized {
        plugin: this.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
}

fn build(
    kernel: &Arc<Kernel>,
    unit: usize,
    subscriber: &Subscriber,
) -> BoxFuture<'static, Result<PluginRef>> {
    let (shared, subscriber) = (Arc::clone(kernel), subscriber.clone());
    let current = kernel.units[unit].identity.current();
    hook::run(current, "init", kernel.start_limits(unit), move || {
        let this = &shared.units[unit];
        let mut context = InitContext {
            identity: &this.identity,
            config: &this.settings.config,
            data_dir: &shared.data_dir,
            bus: &shared.bus,
            services: &shared.switchboard,
            system: &shared.system,
            subscriber: &subscriber,
            timetable: &this.timetable,
            timeout: this.settings.timeout,
        };
        (this.descriptor.hooks.init)(&mut context)
    })
}

async fn start(kernel: &Arc<Kernel>, unit: usize) -> Result<()> {
    let this = &kernel.units[unit];
    let began = Instant::now();
    this.step(Step::Start)?;
    let tasks = this.may_spawn().then(|| scope(kernel, unit));
    let plugin = {
        let mut live = this.live();
        let live = live
            .as_mut()
            .ok_or_else(|| Error::bug("`start` without `init`"))?;
        live.has_started = true;
        live.tasks.clone_from(&tasks);
        Arc::clone(&live.plugin)
    };
    if let Some((hook, tasks)) = this.descriptor.hooks.start.zip(tasks) {
        let (current, limits) = (this.identity.current(), kernel.start_limits(unit));
        let started = hook::run(current, "start", limits, move || Ok(hook(plugin, tasks)));
        if let Err(error) = started.await {
            this.fail(&error);
            Box::pin(stopping::discard(kernel, unit)).await;
            return Err(error);
        }
    }
    this.step(Step::Started)?;
    activate(kernel, unit);
    kernel.audit(unit, "start", Outcome::Done, None);
    kernel.announcer.announce(PluginStarted {
        plugin: this.name().to_owned(),
        took_us: micros(began),
    });
    Ok(())
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

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
