//! The capacity of a mailbox, and the waiters for it.
//!
//! Invariants: room is counted under the lock of the mailbox to which these values belong; the free
//! capacity is zero while a waiter has no permit; a permit is capacity that is already assigned.

use crate::sync::Semaphore;

/// The reason why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPermit {
    Full,
    Closed,
}

/// The free capacity.
pub(in crate::event) struct Capacity {
    free: usize,
    /// Number of waiters without a permit.
    waiting: usize,
}

/// The waiters for a permit, in the order in which they arrived.
pub(in crate::event) struct Waiters(Semaphore);

impl Capacity {
    pub(in crate::event) fn new(capacity: usize) -> Self {
        Self {
            free: capacity,
            waiting: 0,
        }
    }

    pub(in crate::event) fn is_there(&self) -> bool {
        self.free > 0
    }

    /// Takes the free capacity, up to `most`; returns how much.
    #[inline]
    pub(in crate::event) fn take(&mut self, most: usize) -> usize {
        let taken = self.free.min(most);
        self.free -= taken;
        taken
    }

    /// Gives room to the waiters, and keeps the rest as free capacity.
    pub(in crate::event) fn give(&mut self, room: usize, waiters: &Waiters) {
        let handed = self.waiting.min(room);
        self.waiting -= handed;
        self.free += room - handed;
        if handed > 0 {
            waiters.0.add_permits(handed);
        }
    }

    /// Counts a new waiter, which waits until it has a permit or gives up.
    pub(in crate::event) fn wait(&mut self) {
        self.waiting += 1;
    }

    /// A waiter gives up without a permit. If a permit was given to it, and to no other waiter
    /// since, the permit becomes room again.
    pub(in crate::event) fn give_up(&mut self, waiters: &Waiters) {
        match waiters.0.try_acquire() {
            Ok(turn) => {
                turn.forget();
                self.give(1, waiters);
            }
            Err(_) => self.waiting -= 1,
        }
    }
}

impl Waiters {
    pub(in crate::event) fn new() -> Self {
        Self(Semaphore::new(0))
    }

    /// Waits for a permit; returns `false` if there will be none.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future takes no permit.
    pub(in crate::event) async fn next(&self) -> bool {
        let turn = self.0.acquire().await;
        turn.map(|turn| turn.forget()).is_ok()
    }

    /// No waiter gets a permit any more.
    pub(in crate::event) fn close(&self) {
        self.0.close();
    }
}
