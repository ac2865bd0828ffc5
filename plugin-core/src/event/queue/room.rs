//! The room of a mailbox, and those who wait for it.
//!
//! Invariants: room is counted under the lock of its mailbox, whose parts this is; there is no free
//! room while somebody waits who has no turn; a turn is room that is somebody's already.

use crate::sync::Semaphore;

/// Why there is no slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSlot {
    Full,
    Closed,
}

/// How much room there is.
pub(in crate::event) struct Room {
    free: usize,
    /// Those who wait and have no turn.
    waiting: usize,
}

/// The turns of those who wait, in the order in which they came.
pub(in crate::event) struct Turns(Semaphore);

impl Room {
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
    pub(in crate::event) fn give(&mut self, room: usize, turns: &Turns) {
        let handed = self.waiting.min(room);
        self.waiting -= handed;
        self.free += room - handed;
        if handed > 0 {
            turns.0.add_permits(handed);
        }
    }

    /// From here on somebody waits, until he has his turn or gives up.
    pub(in crate::event) fn wait(&mut self) {
        self.waiting += 1;
    }

    /// Somebody waits no longer, and takes no turn. One that was given to him, and to no other
    /// since, is room again.
    pub(in crate::event) fn give_up(&mut self, turns: &Turns) {
        match turns.0.try_acquire() {
            Ok(turn) => {
                turn.forget();
                self.give(1, turns);
            }
            Err(_) => self.waiting -= 1,
        }
    }
}

impl Turns {
    pub(in crate::event) fn new() -> Self {
        Self(Semaphore::new(0))
    }

    /// Waits for a turn; `false` when there will be none.
    ///
    /// # Cancel safety
    ///
    /// A dropped future takes no turn.
    pub(in crate::event) async fn next(&self) -> bool {
        let turn = self.0.acquire().await;
        turn.map(|turn| turn.forget()).is_ok()
    }

    /// Nobody has a turn any more.
    pub(in crate::event) fn close(&self) {
        self.0.close();
    }
}
