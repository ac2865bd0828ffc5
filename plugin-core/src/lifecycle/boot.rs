//! The start of all units: two sweeps, `init` and then `start`, that succeed together or are rolled
//! back together.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempts::{Stage, missing_need, with_policy};
use super::kernel::Kernel;
use super::report::{PluginStart, StartError, StartFailure, StartReport};
use super::state::State;
use super::stopping;
use super::sweep::{Flow, Sweep};
use crate::config::StartPolicy;
use crate::error::{Error, Result};
use crate::event::kernel::SystemStarted;

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
    kernel.life.set(State::Running);
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
