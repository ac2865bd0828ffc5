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

/// Sends operations to a running system. It is cheap to clone, and it does not keep the system
/// running.
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
    /// Returns an error if the plugin runs already, needs plugins that do not run, or fails.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
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
    /// Returns an error if the plugin does not run, or if other plugins need it;
    /// [`ManagerHandle::stop_cascade`] stops those too.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn stop(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Stop {
            plugin: plugin.to_owned(),
            cascade: false,
        })
        .await
    }

    /// Stops a plugin after all plugins that need it.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin does not run.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn stop_cascade(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Stop {
            plugin: plugin.to_owned(),
            cascade: true,
        })
        .await
    }

    /// Stops a plugin and starts it again. Plugins that use its services continue to run: their
    /// handles refer to the new instance as soon as it runs.
    ///
    /// # Errors
    ///
    /// Returns an error if the plugin neither runs nor can be started, or if it fails.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn restart(&self, plugin: &str) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Restart {
            plugin: plugin.to_owned(),
        })
        .await
    }

    /// Reads config again and applies the changes. Plugins whose config has not changed are not
    /// touched. Either all changes are applied, or none.
    ///
    /// # Errors
    ///
    /// Returns an error if the config can't be read or is wrong, or if a plugin fails with it; in
    /// the last case the old config is restored.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn reload(&self) -> Result<OperationOutcome, OperationError> {
        self.operate(Operation::Reload { plugin: None }).await
    }

    /// Requests an operation and waits until it is complete.
    ///
    /// # Errors
    ///
    /// Returns an error if the operation was not carried out.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn operate(&self, operation: Operation) -> Result<OperationOutcome, OperationError> {
        let answered = self.kernel.submit(operation, Actor::OWNER).await?;
        answered.await.unwrap_or(Err(OperationError::Stopping))
    }

    /// Lists, replays and drops dead letters: events that a handler has finally failed to handle.
    #[must_use]
    pub fn dead_letters(&self) -> DeadLetterOperations {
        DeadLetterOperations::new(Arc::clone(&self.kernel), Actor::OWNER)
    }

    /// Pauses a schedule: until [`ManagerHandle::resume_schedule`], no run of it begins, even if
    /// the plugin restarts. A run in progress continues; runs that wait are skipped.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such plugin or schedule, or if the schedule is paused,
    /// finished or cancelled.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn pause_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Pause)
            .await
    }

    /// Resumes a paused schedule with its next due time. Due times that have passed are not made up
    /// for, except that a schedule that is due only once, and whose time has passed, is due at
    /// once.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such plugin or schedule, or if the schedule is not paused.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn resume_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Resume)
            .await
    }

    /// Begins a run of a schedule now, even if the schedule is paused, finished or disabled. The
    /// run does not count for `max_runs`, and a schedule that is due only once will not be due
    /// again. This method does not wait for the end of the run.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such plugin or schedule, if the schedule was cancelled, if
    /// its plugin does not run, or if a run is in progress and runs may not overlap.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
    pub async fn run_schedule(
        &self,
        plugin: &str,
        schedule: &str,
    ) -> Result<OperationOutcome, OperationError> {
        self.operate_schedule(plugin, schedule, ScheduleAction::Run)
            .await
    }

    /// Cancels a schedule permanently. A declared schedule stays cancelled as long as the system
    /// runs, even if the plugin restarts. A run in progress continues.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such plugin or schedule, or if the schedule was cancelled
    /// before.
    ///
    /// # Cancel safety
    ///
    /// Once the operation is sent, it is carried out even if this future is dropped.
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

    /// The status of every schedule.
    #[must_use]
    pub fn schedules(&self) -> Vec<ScheduleStatus> {
        self.kernel.schedules()
    }

    /// The state of each plugin and of the whole system.
    #[must_use]
    pub fn status(&self) -> SystemStatus {
        self.kernel.status()
    }

    /// Whether the manager works: it has checked for work lately, or the system is starting or
    /// stopping.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.kernel.is_alive()
    }

    /// Waits until the stop of the system begins.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it changes nothing.
    pub async fn stopping(&self) {
        self.kernel.stopping.cancelled().await;
    }

    /// The counters of the system so far.
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        self.kernel.metrics()
    }

    /// Reports the progress of reloads, beginning with their start.
    #[must_use]
    pub fn reloads(&self) -> watch::Receiver<ReloadCounts> {
        self.kernel.reloads.watch()
    }
}
