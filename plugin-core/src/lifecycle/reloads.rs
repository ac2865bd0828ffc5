//! How often config was read again, and what came of it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use tokio::sync::watch;

use super::operation::{OperationError, OperationOutcome};

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

/// What came of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadOutcome {
    /// It was taken over.
    Applied,
    /// It was refused before anything was changed.
    Refused,
    /// A plugin failed with it, and what held before holds again.
    RolledBack,
}

/// Notes what comes of reloads, and shows it to whoever watches.
#[derive(Debug)]
pub(super) struct ReloadLog {
    counts: watch::Sender<ReloadCounts>,
    /// The number of the config that is applied; 0 if it is not kept.
    generation: AtomicU64,
}

impl ReloadLog {
    pub(super) fn new() -> Self {
        Self {
            counts: watch::Sender::default(),
            generation: AtomicU64::new(0),
        }
    }

    pub(super) fn begin(&self) {
        self.counts.send_modify(|counts| counts.is_reloading = true);
    }

    pub(super) fn end(&self, result: &Result<OperationOutcome, OperationError>) {
        let outcome = match result {
            Ok(_) => ReloadOutcome::Applied,
            Err(OperationError::RolledBack { .. }) => ReloadOutcome::RolledBack,
            Err(_) => ReloadOutcome::Refused,
        };
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
