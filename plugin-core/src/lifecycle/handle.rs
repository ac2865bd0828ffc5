//! The handle by which the program sends operations to a running system.

use std::sync::Arc;

use tokio::sync::watch;

use super::dead_letters::DeadLetterOperations;
use super::kernel::Kernel;
use super::metrics::MetricsSnapshot;
use super::operation::{Actor, Operation, OperationError, OperationOutcome, ScheduleAction};
use super::reloads::ReloadCounts;
use super::status::SystemStatus;
use crate::schedule::ScheduleStatus;

/// Sends operations to a running system; cheap to clone. It does not keep the system running.
#[derive(Debug, Clone)]
pub struct ManagerHandle {
    kernel: Arc<Kernel>,
}

impl ManagerHandle {
    pub(super) fn new(kernel: Arc<Kernel>) -> Self {
        Self { kernel }
    }

    /// Starts a plugin that was stopped or has failed.
    ///
    /// # Errors
    ///
    /// When it runs already, needs plugins that do not run, or fails.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn start(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Start {
            plugin: plugin.to_owned(),
        })
        .await
    }

    /// Stops a plugin that no running plugin needs.
    ///
    /// # Errors
    ///
    /// When it does not run, or others need it: [`ManagerHandle::stop_cascade`] stops them too.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn stop(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Stop {
            plugin: plugin.to_owned(),
            cascade: false,
        })
        .await
    }

    /// Stops a plugin after all the plugins that need it.
    ///
    /// # Errors
    ///
    /// When it does not run.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn stop_cascade(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Stop {
            plugin: plugin.to_owned(),
            cascade: true,
        })
        .await
    }

    /// Stops a plugin and starts it again. Plugins that use its services go on: their handles
    /// lead to the new instance once it runs.
    ///
    /// # Errors
    ///
    /// When it neither runs nor could be started, or fails.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn restart(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Restart {
            plugin: plugin.to_owned(),
        })
        .await
    }

    /// Reads config again, and takes over what has changed: plugins for which nothing has are not
    /// touched. All of it is taken over, or nothing.
    ///
    /// # Errors
    ///
    /// When config can't be read or is wrong, and when a plugin fails with the new one: then what
    /// held before holds again.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn reload(&self) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Reload { plugin: None }).await
    }

    /// Has any operation carried out, and waits for its end.
    ///
    /// # Errors
    ///
    /// When it was not carried out.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn operate(&self, operation: Operation) -> Result<OperationOutcome, OperationError> {
        let answered = self.kernel.submit(operation, Actor::OWNER).await?;
        answered.await.unwrap_or(Err(OperationError::Stopping))
    }

    /// Looks at, replays and drops events that handlers failed with for good.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetterOperations {
        DeadLetterOperations::new(Arc::clone(&self.kernel), Actor::OWNER)
    }

    /// Halts a schedule: until [`ManagerHandle::resume_schedule`], also through restarts of the
    /// plugin, no run of it begins. One that goes on is left alone, those that wait are skipped.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, or it is paused, finished or ended.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn pause_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Pause)
            .await
    }

    /// Goes on with a schedule that was paused, with its next due time: nothing makes up for those
    /// that have passed. What is due once and has passed is due at once.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, or it is not paused.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn resume_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Resume)
            .await
    }

    /// Begins a run of a schedule now, also of one that is paused, finished or disabled. It does
    /// not count for `max_runs`; what is due once is not due again. It does not wait for the end
    /// of the run.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, it was ended, its plugin does not run, or a run
    /// goes on and another one may not overlap it.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn run_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Run)
            .await
    }

    /// Ends a schedule for good: a declared one as long as the system lives, also through restarts
    /// of the plugin. A run that goes on is left alone.
    ///
    /// # Errors
    ///
    /// When there is no such plugin or schedule, or it was ended before.
    ///
    /// # Cancel safety
    ///
    /// Once sent, the operation is carried out also when this is dropped.
    pub async fn cancel_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Cancel)
            .await
    }

    async fn operate_schedule(
        &self,
        plugin: &str,
        schedule: &str,
        action: ScheduleAction,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Schedule {
            plugin: plugin.to_owned(),
            schedule: schedule.to_owned(),
            action,
        })
        .await
    }

    /// Every schedule and how it does.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel.schedules()
    }

    /// The state of each plugin and of the whole.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel.status()
    }

    /// Whether the manager works: it is seen to look for something to do, unless the system starts or
    /// stops.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.kernel.is_alive()
    }

    /// Waits until the stop of the system begins.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing, so it can be dropped at any time.
    pub async fn stopping(&self) {
        self.kernel.stopping.cancelled().await;
    }

    /// What the system has done so far.
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        self.kernel.metrics()
    }

    /// Shows how reloads go, from their beginning.
    #[must_use]
    pub fn reloads(&self) -> watch::Receiver<ReloadCounts> {
        self.kernel.reloads.watch()
    }
}
