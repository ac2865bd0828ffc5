//! The bell of a worker: it wakes the worker, and carries signals that are not jobs.

use std::time::Duration;

use tokio::time::Instant;

use crate::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use crate::sync::{Mutex, Notify, PoisonError};

/// Wakes a worker, and carries signals that are not jobs.
pub(crate) struct Bell {
    filled: Notify,
    /// Whether the worker has to check what waits, although no time is due.
    nudged: AtomicBool,
    /// The time until which the worker waits for anything, once the plugin or the system stops.
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

    /// Waits until the bell rings, or returns at once if it has rung since the last wait.
    pub(in crate::event) fn rings(&self) -> impl Future<Output = ()> {
        self.filled.notified()
    }

    /// Makes the worker check what waits.
    pub(crate) fn nudge(&self) {
        self.nudged.store(true, Release);
        self.ring();
    }

    /// From now on, the worker lets nothing wait for a target that is down, or for a retry that is
    /// due later than `within` from now.
    pub(crate) fn wind_up(&self, within: Duration) {
        *self.lock_ends() = Instant::now().checked_add(within);
        self.nudge();
    }

    /// The time until which the worker waits for anything, after `wind_up`.
    pub(in crate::event) fn ends(&self) -> Option<Instant> {
        *self.lock_ends()
    }

    pub(in crate::event) fn is_nudged(&self) -> bool {
        self.nudged.load(Relaxed)
    }

    /// Whether the worker was nudged since the last call of this method.
    pub(in crate::event) fn was_nudged(&self) -> bool {
        self.is_nudged() && self.nudged.swap(false, Acquire)
    }

    fn lock_ends(&self) -> crate::sync::MutexGuard<'_, Option<Instant>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
