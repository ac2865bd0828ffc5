//! The end of a subscription's queue as its process knows it: what was stored lately, and whether
//! the pump has come to it.
//!
//! A pump that keeps up takes events from here and never reads the store. Each knows the position
//! before its own, so that the pump sees when something is missing in between, and reads on from
//! the store.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::event::EventId;
use crate::event::backlog::{Backlog, Pending};
use crate::event::store::Stored;

/// Most events that are kept for a pump that keeps up.
const RECENT: usize = 1024;

/// An event on its way to a handler.
pub(super) struct Next {
    pub(super) stored: Stored,
    /// The number of its publishing, if that was in this process.
    pub(super) id: Option<EventId>,
}

/// Where a pump finds the next events.
pub(super) enum Ahead {
    Here(Vec<Next>),
    /// In the store, if anywhere; the number is for [`Tail::rest`].
    Stored(u64),
    /// At the beginning, as soon as nothing is in flight.
    Rewound,
}

pub(super) struct Tail {
    state: Mutex<State>,
    changed: Notify,
    backlog: Backlog,
}

#[derive(Default)]
struct State {
    /// Whether there is a pump.
    active: bool,
    recent: VecDeque<Recent>,
    /// The last position that was given out.
    last: u64,
    /// Changes with every event that the pump has to look for.
    version: u64,
    rewound: bool,
    /// Whether the pump has taken all that there was.
    exhausted: bool,
    /// While the pump has something to do, the bus is not idle.
    busy: Option<Pending>,
}

struct Recent {
    before: u64,
    next: Next,
}

impl Tail {
    pub(super) fn new(backlog: Backlog) -> Self {
        Self {
            state: Mutex::default(),
            changed: Notify::new(),
            backlog,
        }
    }

    /// A pump begins, at the beginning of the queue.
    pub(super) fn activate(&self) {
        self.change(|state| {
            state.active = true;
            state.rewound = true;
        });
    }

    /// The pump ends.
    pub(super) fn deactivate(&self) {
        let mut state = self.state();
        let (last, version) = (state.last, state.version);
        let ended = std::mem::take(&mut *state);
        (state.last, state.version) = (last, version);
        drop(state);
        drop(ended);
    }

    /// Events were stored, in this order.
    pub(super) fn appended(&self, events: impl Iterator<Item = Next>) {
        self.change(|state| {
            for next in events {
                let before = std::mem::replace(&mut state.last, next.stored.position);
                if state.active && state.recent.len() < RECENT {
                    state.recent.push_back(Recent { before, next });
                }
            }
        });
    }

    /// Earlier events are to be delivered again.
    pub(super) fn rewind(&self) {
        self.change(|state| state.rewound = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        state.version += 1;
        if state.active {
            state.exhausted = false;
            state.busy.get_or_insert_with(|| self.backlog.begin());
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Where the events behind a position are: at most `most` of them.
    pub(super) fn ahead(&self, cursor: u64, most: usize) -> Ahead {
        let mut state = self.state();
        if state.rewound {
            state.rewound = false;
            return Ahead::Rewound;
        }
        while (state.recent.front()).is_some_and(|recent| recent.next.stored.position <= cursor) {
            state.recent.pop_front();
        }
        let mut here = Vec::new();
        let mut end = cursor;
        while here.len() < most
            && let Some(recent) = state.recent.pop_front_if(|recent| recent.before <= end)
        {
            end = recent.next.stored.position;
            here.push(recent.next);
        }
        if here.is_empty() {
            Ahead::Stored(state.version)
        } else {
            Ahead::Here(here)
        }
    }

    /// The pump has found nothing more; it is true unless something came meanwhile.
    pub(super) fn exhaust(&self, version: u64, in_flight: impl Fn() -> bool) {
        let mut state = self.state();
        if state.version == version {
            state.exhausted = true;
        }
        rest(state, in_flight);
    }

    /// The pump has settled something.
    pub(super) fn settled(&self, in_flight: impl Fn() -> bool) {
        rest(self.state(), in_flight);
    }

    /// Waits until there is something new to look for.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whoever of deliverer and settler comes last finds that all is done: both look under the lock.
fn rest(mut state: MutexGuard<'_, State>, in_flight: impl Fn() -> bool) {
    let done = (state.exhausted && !in_flight()).then(|| state.busy.take());
    drop(state);
    drop(done);
}
