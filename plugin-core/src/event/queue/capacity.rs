//! The capacity of a mailbox, and those who wait for a part of it.
//!
//! Invariants: room is counted under the lock of its mailbox, whose parts this is; free capacity is
//! zero while a waiter has no permit; a permit is capacity that is assigned already.

use crate::sync::Semaphore;

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPermit {
    Full,
    Closed,
}

/// How much room there is.
pub(in crate::event) struct Capacity {
    free: usize,
    /// Those who wait and have no permit.
    waiting: usize,
}

/// Those who wait for a permit, in the order in which they came.
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

    /// Takes as much as there is, and at most so much; says how much.
    #[inline]
    pub(in crate::event) fn take(&mut self, most: usize) -> usize {
        let taken = self.free.min(most);
        self.free -= taken;
        taken
    }

    /// Gives room to those who wait, and keeps the rest.
    pub(in crate::event) fn give(&mut self, room: usize, waiters: &Waiters) {
        let handed = self.waiting.min(room);
        self.waiting -= handed;
        self.free += room - handed;
        if handed > 0 {
            waiters.0.add_permits(handed);
        }
    }

    /// From here on somebody waits, until he has a permit or gives up.
    pub(in crate::event) fn wait(&mut self) {
        self.waiting += 1;
    }

    /// Somebody waits no longer, and takes no permit. One that was given to him, and to no other
    /// since, is room again.
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

    /// Waits for a permit; `false` when there will be none.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes no permit.
    pub(in crate::event) async fn next(&self) -> bool {
        let turn = self.0.acquire().await;
        turn.map(|turn| turn.forget()).is_ok()
    }

    /// Nobody gets a permit any more.
    pub(in crate::event) fn close(&self) {
        self.0.close();
    }
}
