//! Decides what happens to an instance that failed and to the instances that need it: they are
//! restarted after a pause, or given up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::SupervisorState;
use crate::config::{Exhausted, RestartPolicy};
use crate::context::InstanceId;
use crate::error::{Error, ErrorKind};
use crate::health::Health;
use crate::init::Predecessor;
use crate::lifecycle::changes::Escalation;
use crate::lifecycle::instance::Instance;
use crate::lifecycle::status::Again;
use crate::lifecycle::wiring::TiedTo;
use crate::lifecycle::{starting, stopping};

/// Pause between the restart of a plugin and the restart of one that needs it.
const AFTER_NEED: Duration = Duration::from_millis(1);

impl SupervisorState {
    /// Ends the remaining parts of an instance that failed while it ran, then applies its policy.
    pub(super) async fn fail(&self, id: InstanceId, life: u64, error: Error) -> Escalation {
        // It may have been stopped while this change waited for its turn.
        let instance = self.running(id, life)?;
        tracing::error!(
            plugin = instance.name(),
            kind = error.kind().as_str(),
            "plugin failed: {error}"
        );
        instance.fail(&error);
        // Events that wait for the process of an instance wait for its next process.
        if !instance.is_held() {
            stopping::tear_down(&self.kernel, &instance, None).await;
        }
        self.follow_up(&instance, &error).await
    }

    /// Plans the restart of a failed instance, or gives it up.
    pub(super) async fn follow_up(&self, instance: &Arc<Instance>, error: &Error) -> Escalation {
        let setup = instance.setup();
        let policy = &setup.restart;
        let now = Instant::now();
        let used = self.record(instance.id, |record| {
            record.unhealthy = 0;
            record.restarts.retain(|&at| now - at < policy.within.get());
            u32::try_from(record.restarts.len()).unwrap_or(u32::MAX)
        });
        let again = policy.policy == RestartPolicy::OnFailure
            && used < policy.max_restarts
            && !matches!(error.kind(), ErrorKind::Config | ErrorKind::Denied);
        self.kernel.failed(instance, error, again);
        if !again {
            return self.give_up(instance, error).await;
        }
        let pause = policy.backoff.pause(used + 1);
        tracing::warn!(
            plugin = instance.name(),
            ?pause,
            restart = used + 1,
            of = policy.max_restarts,
            "will be restarted"
        );
        let due = now + pause;
        self.record(instance.id, |record| record.due = Some(due));
        instance.plan(Some(Again {
            due,
            attempt: used + 1,
            of: policy.max_restarts,
        }));
        None
    }

    async fn give_up(&self, instance: &Arc<Instance>, error: &Error) -> Escalation {
        if instance.is_held() {
            stopping::tear_down(&self.kernel, instance, None).await;
        }
        if instance.setup().restart.then == Exhausted::Escalate {
            return Some(format!("`{}` failed: {error}", instance.name()));
        }
        let gone = self.gone_with(&[Arc::clone(instance)]);
        self.cancel_restarts(&gone);
        let dependents = self.kernel.running_dependents(&gone);
        tracing::error!(
            plugin = instance.name(),
            dependents = ?names(&dependents),
            "given up; the plugins that can't be without it stop"
        );
        stopping::stop_some(&self.kernel, dependents).await;
        None
    }

    /// Starts an instance whose restart is due.
    pub(super) async fn restart_due(&self, id: InstanceId) -> Escalation {
        self.record(id, |record| record.due.take())?;
        let instance = self.kernel.instances().get(id).cloned()?;
        if let Some(&need) = self.missing_needs(&instance).first() {
            self.postpone(&instance, need);
            return None;
        }
        let now = Instant::now();
        self.record(id, |record| record.restarts.push(now));
        match self.launch(&instance, &Arc::default()).await {
            Ok(()) => {
                count_restart(&instance);
                None
            }
            Err(error) => self.follow_up(&instance, &error).await,
        }
    }

    /// The targets that an instance needs and of which no instance runs.
    pub(super) fn missing_needs(&self, instance: &Instance) -> Vec<TiedTo> {
        self.kernel.missing_needs(instance, Instance::is_running)
    }

    /// The given instances, and the other instances of their plugins that do not run and will not
    /// be started.
    pub(super) fn gone_with(&self, gone: &[Arc<Instance>]) -> Vec<Arc<Instance>> {
        let Some(first) = gone.first() else {
            return Vec::new();
        };
        let mut instances = self.kernel.siblings(first);
        let records = self.records();
        let is_due = |id| records.get(&id).is_some_and(|record| record.due.is_some());
        instances.retain(|one| {
            gone.iter().any(|gone| gone.id == one.id) || !one.is_running() && !is_due(one.id)
        });
        instances
    }

    /// Lets a restart wait for the restart of a needed instance. If none is planned, this restart
    /// is cancelled.
    pub(super) fn postpone(&self, instance: &Instance, need: TiedTo) {
        let instances = self.kernel.instances();
        let mut records = self.records();
        let due = (instances.matching(need))
            .filter_map(|one| records.get(&one.id)?.due)
            .min();
        match due {
            Some(due) => records.entry(instance.id).or_default().due = Some(due + AFTER_NEED),
            None => tracing::error!(
                plugin = instance.name(),
                "not restarted: it needs `{}`, which does not run",
                self.kernel.wiring.name(need)
            ),
        }
    }

    /// Cancels the planned restarts of instances that need one of those that are gone.
    pub(super) fn cancel_restarts(&self, gone: &[Arc<Instance>]) {
        for dependent in self.kernel.dependents(gone) {
            self.record(dependent.id, |record| record.due = None);
            dependent.plan(None);
        }
    }

    /// Starts an instance again from the beginning, with what its previous life left.
    pub(super) async fn launch(
        &self,
        instance: &Arc<Instance>,
        left: &Arc<Predecessor>,
    ) -> Result<(), Error> {
        starting::launch(&self.kernel, instance, left).await?;
        instance
            .board
            .change(|entry| entry.health = Health::Healthy);
        tracing::info!(plugin = instance.name(), "runs again");
        Ok(())
    }
}

pub(super) fn count_restart(instance: &Instance) {
    instance.board.change(|entry| entry.restarts += 1);
}

pub(super) fn names(instances: &[Arc<Instance>]) -> Vec<&'static str> {
    instances.iter().map(|instance| instance.name()).collect()
}
