//! Counts the reloads and their results.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::config_status::{ConfigAttempt, ConfigStatus, ReloadOutcome, RunningConfig};
use super::operation::{Actor, Operation, OperationError, OperationOutcome};
use crate::config::{ConfigFiles, Rollback};
use crate::timestamp::Timestamp;

/// The number of reloads, by result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReloadCounts {
    /// Reloads that were applied, including those that changed nothing.
    pub applied: u64,
    /// Reloads that were refused before anything was changed.
    pub refused: u64,
    /// Reloads with which a plugin failed, so that the old config was restored.
    pub rolled_back: u64,
    /// The result of the last reload, and its time.
    pub last: Option<(ReloadOutcome, SystemTime)>,
    /// Whether a reload is in progress.
    pub is_reloading: bool,
}

impl ReloadOutcome {
    pub(super) fn of(result: &Result<OperationOutcome, OperationError>) -> Self {
        match result {
            Ok(_) => Self::Applied,
            Err(OperationError::RolledBack { .. }) => Self::RolledBack,
            Err(_) => Self::Refused,
        }
    }
}

/// Records the results of reloads, and shows them to its observers.
#[derive(Debug)]
pub(super) struct ReloadLog {
    counts: watch::Sender<ReloadCounts>,
    /// The number of the generation of the applied config; 0 if it was not kept.
    generation: AtomicU64,
    status: Mutex<ConfigStatus>,
}

impl ReloadLog {
    pub(super) fn new() -> Self {
        Self {
            counts: watch::Sender::default(),
            generation: AtomicU64::new(0),
            status: Mutex::default(),
        }
    }

    /// The running config and the last attempt to apply one.
    pub(super) fn status(&self) -> ConfigStatus {
        let mut status = self.lock().clone();
        if let Some(running) = &mut status.running {
            running.generation = self.generation();
        }
        status
    }

    /// Records the running config, unless it has not changed.
    pub(super) fn runs(&self, running: RunningConfig) {
        let mut status = self.lock();
        let ran = status.running.as_ref();
        if ran.is_none_or(|ran| ran.digest != running.digest) {
            status.running = Some(running);
        }
    }

    /// Records the config that is in force in place of the files, or that there is none.
    pub(super) fn rolled_back(&self, rollback: Option<Rollback>) {
        self.lock().rollback = rollback;
    }

    /// Records that these files are in force: a config that was chosen in place of others is not.
    pub(super) fn files_count(&self, files: &ConfigFiles) {
        let mut status = self.lock();
        let rollback = status.rollback.take();
        status.rollback = rollback.filter(|chosen| chosen.files == files.digest());
    }

    /// Records the result of an operation that applies config.
    pub(super) fn attempted(
        &self,
        operation: &Operation,
        by: &Actor,
        result: &Result<OperationOutcome, OperationError>,
    ) {
        let (operation, plugin) = operation.target();
        self.lock().last_attempt = Some(ConfigAttempt {
            operation,
            plugin: plugin.map(str::to_owned),
            by: by.to_string(),
            at: Timestamp::now(),
            outcome: ReloadOutcome::of(result),
            error: result.as_ref().err().map(OperationError::to_string),
        });
    }

    fn lock(&self) -> MutexGuard<'_, ConfigStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self) {
        self.counts.send_modify(|counts| counts.is_reloading = true);
    }

    pub(super) fn end(&self, result: &Result<OperationOutcome, OperationError>) {
        let outcome = ReloadOutcome::of(result);
        self.counts.send_modify(|counts| {
            *match outcome {
                ReloadOutcome::Applied => &mut counts.applied,
                ReloadOutcome::Refused => &mut counts.refused,
                ReloadOutcome::RolledBack => &mut counts.rolled_back,
            } += 1;
            counts.last = Some((outcome, SystemTime::now()));
            counts.is_reloading = false;
        });
    }

    pub(super) fn counts(&self) -> ReloadCounts {
        *self.counts.borrow()
    }

    pub(super) fn watch(&self) -> watch::Receiver<ReloadCounts> {
        self.counts.subscribe()
    }

    /// Records the number of the generation of the applied config.
    pub(super) fn kept(&self, generation: u64) {
        self.generation.store(generation, Relaxed);
    }

    pub(super) fn generation(&self) -> Option<u64> {
        let generation = self.generation.load(Relaxed);
        (generation > 0).then_some(generation)
    }
}
