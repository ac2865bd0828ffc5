//! The bell of a worker: it wakes the worker, and tells it what it has to know beside its jobs.

use std::time::Duration;

use tokio::time::Instant;

use crate::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use crate::sync::{Mutex, Notify, PoisonError};

/// What wakes a worker, and what it is told beside its jobs.
pub(crate) struct Bell {
    filled: Notify,
    /// Whether the worker is to look at what waits, though no time has come.
    nudged: AtomicBool,
    /// Until when anything is waited for, once the plugin or the system stops.
    ends: Mutex<Option<Instant>>,
}

impl Bell {
    pub(in crate::event) fn new() -> Self {
        Self {
            filled: Notify::new(),
            nudged: AtomicBool::new(false),
            ends: Mutex::new(None),
        }
    }

    pub(in crate::event) fn ring(&self) {
        self.filled.notify_one();
    }

    /// Waits until it rings, or has rung since it was last waited for.
    pub(in crate::event) fn rings(&self) -> impl Future<Output = ()> {
        self.filled.notified()
    }

    /// Lets the worker look at what waits.
    pub(crate) fn nudge(&self) {
        self.nudged.store(true, Release);
        self.ring();
    }

    /// From here on the worker lets nothing wait in vain: for a target that is down, or for a retry
    /// that is due later than so long from now.
    pub(crate) fn wind_up(&self, within: Duration) {
        *self.lock_ends() = Instant::now().checked_add(within);
        self.nudge();
    }

    /// Until when anything is waited for, once it winds up.
    pub(in crate::event) fn ends(&self) -> Option<Instant> {
        *self.lock_ends()
    }

    pub(in crate::event) fn is_nudged(&self) -> bool {
        self.nudged.load(Relaxed)
    }

    /// Whether the worker was nudged since it last asked.
    pub(in crate::event) fn was_nudged(&self) -> bool {
        self.is_nudged() && self.nudged.swap(false, Acquire)
    }

    fn lock_ends(&self) -> crate::sync::MutexGuard<'_, Option<Instant>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
