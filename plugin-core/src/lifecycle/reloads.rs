//! How often config was read again, and what came of it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::config_status::{ConfigAttempt, ConfigStatus, ReloadOutcome, RunningConfig};
use super::operation::{Actor, Operation, OperationError, OperationOutcome};
use crate::config::{ConfigFiles, Rollback};
use crate::timestamp::Timestamp;

/// How often config was read again, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReloadCounts {
    /// Reloads that were taken over, also those that changed nothing.
    pub applied: u64,
    /// Reloads that were refused before anything was changed.
    pub refused: u64,
    /// Reloads that a plugin failed with: what held before holds again.
    pub rolled_back: u64,
    /// What came of the last one, and when.
    pub last: Option<(ReloadOutcome, SystemTime)>,
    /// Whether one goes on now.
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
    /// The number of the config that is applied; 0 if it is not kept.
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

    /// The config that runs, and the last that somebody tried.
    pub(super) fn status(&self) -> ConfigStatus {
        let mut status = self.lock().clone();
        if let Some(running) = &mut status.running {
            running.generation = self.generation();
        }
        status
    }

    /// Notes what runs, unless that is what ran.
    pub(super) fn runs(&self, running: RunningConfig) {
        let mut status = self.lock();
        let ran = status.running.as_ref();
        if ran.is_none_or(|ran| ran.digest != running.digest) {
            status.running = Some(running);
        }
    }

    /// Notes the choice of a config that holds in the place of the files, or that none does.
    pub(super) fn rolled_back(&self, rollback: Option<Rollback>) {
        self.lock().rollback = rollback;
    }

    /// Notes that files count that are not those which a config was chosen in the place of.
    pub(super) fn files_count(&self, files: &ConfigFiles) {
        let mut status = self.lock();
        let rollback = status.rollback.take();
        status.rollback = rollback.filter(|chosen| chosen.files == files.digest());
    }

    /// Notes what came of an operation that applies config.
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

    /// Notes the number under which the config is kept that is applied.
    pub(super) fn kept(&self, generation: u64) {
        self.generation.store(generation, Relaxed);
    }

    pub(super) fn generation(&self) -> Option<u64> {
        let generation = self.generation.load(Relaxed);
        (generation > 0).then_some(generation)
    }
}
