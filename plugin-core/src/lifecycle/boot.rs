//! Starts all instances in two sweeps, `init` and then `start`. Both succeed as a whole, or
//! everything is rolled back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempts::{StartStage, missing_need, with_policy};
use super::changes::Changes;
use super::instance::Instance;
use super::kernel::Kernel;
use super::report::{PluginStart, StartError, StartFailure, StartReport};
use super::state::State;
use super::stopping;
use super::sweep::{Flow, Sweep};
use crate::config::StartPolicy;
use crate::context::InstanceId;
use crate::error::{Error, Result};
use crate::event::kernel::SystemStarted;

/// Starts all instances, or none.
pub(super) async fn start_all(
    kernel: &Arc<Kernel>,
    interrupt: &CancellationToken,
) -> Result<StartReport, StartError> {
    let began = Instant::now();
    let instances = kernel.instances();
    let start = |instance: &Arc<Instance>| {
        let start = PluginStart {
            name: instance.name(),
            init: Duration::ZERO,
            start: Duration::ZERO,
            failure: None,
        };
        (instance.id, start)
    };
    let mut boot = Boot {
        failures: Vec::new(),
        plugins: instances.iter().map(start).collect(),
    };
    for stage in [StartStage::Init, StartStage::Start] {
        boot.sweep(kernel, stage, interrupt).await;
        if !boot.failures.is_empty() || interrupt.is_cancelled() {
            let rollback = stopping::stop_all(kernel, None, Changes::default()).await;
            return Err(StartError {
                failures: boot.failures,
                rollback,
            });
        }
    }
    kernel.life.set(State::Running);
    kernel.announcer.announce(SystemStarted {
        plugins: (instances.iter())
            .filter(|instance| instance.is_running())
            .map(|instance| instance.name().to_owned())
            .collect(),
    });
    kernel.flush_announcements().await;
    Ok(StartReport {
        plugins: boot.plugins.into_values().collect(),
        took: began.elapsed(),
    })
}

/// The progress of a start.
struct Boot {
    plugins: BTreeMap<InstanceId, PluginStart>,
    failures: Vec<StartFailure>,
}

impl Boot {
    async fn sweep(
        &mut self,
        kernel: &Arc<Kernel>,
        stage: StartStage,
        interrupt: &CancellationToken,
    ) {
        let mut instances = kernel.instances().to_vec();
        instances.retain(|instance| instance.state() != State::Failed);
        let waits = kernel.wiring.waits(&instances);
        let sweep = Sweep::new(instances, waits);
        let step = |instance: Arc<Instance>| {
            let (kernel, interrupt) = (Arc::clone(kernel), interrupt.clone());
            async move {
                let began = Instant::now();
                let result = with_policy(&kernel, &instance, stage, &interrupt).await;
                (began.elapsed(), result)
            }
        };
        let done = |instance: Arc<Instance>, (took, result): (Duration, Result<()>)| {
            let start = self.start_of(&instance);
            match stage {
                StartStage::Init => start.init = took,
                StartStage::Start => start.start = took,
            }
            match result {
                Ok(()) => {}
                // If an interrupt ended a hook early, that is not a failure of the plugin.
                Err(_) if interrupt.is_cancelled() => {}
                Err(error) => self.fail(kernel, &instance, stage, error),
            }
            if self.failures.is_empty() && !interrupt.is_cancelled() {
                Flow::Continue
            } else {
                Flow::Halt
            }
        };
        sweep.run(kernel.max_concurrency, step, done).await;
    }

    fn start_of(&mut self, instance: &Instance) -> &mut PluginStart {
        self.plugins
            .get_mut(&instance.id)
            .expect("the set does not change while it starts")
    }

    /// Records a failure. It ends the start, unless the instance's policy is to ignore it, or it
    /// was only caused by a failure that was ignored.
    fn fail(&mut self, kernel: &Kernel, instance: &Instance, stage: StartStage, error: Error) {
        let name = instance.name();
        let ignored = instance.setup().start.policy == StartPolicy::Ignore
            || missing_need(kernel, instance).is_some();
        tracing::error!(
            plugin = name,
            stage = stage.name(),
            kind = error.kind().as_str(),
            ignored,
            "plugin failed: {error}"
        );
        if ignored {
            self.start_of(instance).failure = Some(error.to_string());
        } else {
            self.failures.push(StartFailure {
                plugin: name,
                stage: stage.name(),
                error,
            });
        }
    }
}
