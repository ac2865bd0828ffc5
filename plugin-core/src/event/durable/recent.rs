//! The recent end of a subscription's queue in memory: what this process has stored lately, and
//! whether the pump has read it.
//!
//! A pump that is fast enough takes events from here and never reads the store. Each event knows
//! the position of the one before it, so that the pump notices a gap and continues from the store.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::store::Stored;
use crate::context::Meta;
use crate::event::outcome::backlog::{Backlog, Pending};

/// Most events that are kept here.
const RECENT: usize = 1024;

/// An event on its way to a handler.
pub(super) struct PendingEvent {
    pub(super) stored: Stored,
    /// The data of its publishing, if it was published in this process.
    pub(super) meta: Option<Meta>,
    /// Whether the publisher chose the key: then the event may have been stored before, at an
    /// earlier position.
    pub(super) may_be_old: bool,
}

/// The place where a pump finds the next events.
pub(super) enum Ahead {
    Here(Vec<PendingEvent>),
    /// In the store, if there are any. The number is for [`RecentEvents::exhaust`].
    Stored(u64),
    /// At the beginning of the queue, as soon as nothing is in flight.
    Rewound,
}

pub(super) struct RecentEvents {
    state: Mutex<RecentState>,
    changed: Notify,
    backlog: Backlog,
}

struct RecentState {
    /// Whether there is a pump.
    active: bool,
    recent: VecDeque<Recent>,
    /// The last position that the store assigned; [`UNKNOWN`] before the first one in this process,
    /// when the store may contain any number of older events.
    last: u64,
    /// Changes with every event that the pump has to look for.
    version: u64,
    rewound: bool,
    /// Whether the pump has taken all events.
    exhausted: bool,
    /// While the pump has work, the bus is not idle.
    busy: Option<Pending>,
}

/// A position that no pump ever reaches.
const UNKNOWN: u64 = u64::MAX;

impl RecentState {
    const fn new(last: u64, version: u64) -> Self {
        Self {
            active: false,
            recent: VecDeque::new(),
            last,
            version,
            rewound: false,
            exhausted: false,
            busy: None,
        }
    }
}

struct Recent {
    before: u64,
    next: PendingEvent,
}

impl RecentEvents {
    pub(super) fn new(backlog: Backlog) -> Self {
        Self {
            state: Mutex::new(RecentState::new(UNKNOWN, 0)),
            changed: Notify::new(),
            backlog,
        }
    }

    /// A pump begins at the beginning of the queue.
    pub(super) fn activate(&self) {
        self.change(|state| {
            state.active = true;
            state.rewound = true;
        });
    }

    /// The pump ends.
    pub(super) fn deactivate(&self) {
        let mut state = self.state();
        let idle = RecentState::new(state.last, state.version);
        let ended = std::mem::replace(&mut *state, idle);
        drop(state);
        drop(ended);
    }

    /// Adds stored events, in this order.
    pub(super) fn appended(&self, events: impl Iterator<Item = PendingEvent>) {
        self.change(|state| {
            for next in events {
                // Positions grow, so only a later position is certainly new. Otherwise the pump has
                // already read it, or will find it in the store.
                let is_new = state.last != UNKNOWN && next.stored.position > state.last;
                if next.may_be_old && !is_new {
                    continue;
                }
                let before = std::mem::replace(&mut state.last, next.stored.position);
                if state.active && state.recent.len() < RECENT {
                    state.recent.push_back(Recent { before, next });
                }
            }
        });
    }

    /// Earlier events have to be delivered again.
    pub(super) fn rewind(&self) {
        self.change(|state| state.rewound = true);
    }

    fn change(&self, change: impl FnOnce(&mut RecentState)) {
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

    /// The place of the events after a position; at most `most` events.
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

    /// The pump has found no more events. This is ignored if something was added meanwhile.
    pub(super) fn exhaust(&self, version: u64, in_flight: impl Fn() -> bool) {
        let mut state = self.state();
        if state.version == version {
            state.exhausted = true;
        }
        rest(state, in_flight);
    }

    /// The pump has settled an event.
    pub(super) fn settled(&self, in_flight: impl Fn() -> bool) {
        rest(self.state(), in_flight);
    }

    /// Whether it keeps the bus busy.
    pub(super) fn is_busy(&self) -> bool {
        self.state().busy.is_some()
    }

    /// Waits until there is something new to look for.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, RecentState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Deliverer and settler both check under the lock, so the later one finds that all work is done.
fn rest(mut state: MutexGuard<'_, RecentState>, in_flight: impl Fn() -> bool) {
    let done = (state.exhausted && !in_flight()).then(|| state.busy.take());
    drop(state);
    drop(done);
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::event::durable::store::{Record, Suspicion, Ticket};
    use crate::idempotency::IdempotencyKey;

    fn next(position: u64) -> PendingEvent {
        let record = Record {
            key: IdempotencyKey::next(),
            source: "host".into(),
            published: SystemTime::now(),
            parent: None,
            data: "{}".into(),
            ticket: Ticket::default(),
        };
        let stored = Stored {
            position,
            record,
            suspicion: Suspicion::None,
        };
        PendingEvent {
            stored,
            meta: None,
            may_be_old: false,
        }
    }

    fn recent() -> RecentEvents {
        let recent = RecentEvents::new(Backlog::default());
        recent.activate();
        assert!(matches!(recent.ahead(0, 9), Ahead::Rewound));
        recent
    }

    fn append(recent: &RecentEvents, positions: &[u64]) {
        recent.appended(positions.iter().map(|&position| next(position)));
    }

    /// The positions of the events that are taken without the store.
    fn here(recent: &RecentEvents, cursor: u64) -> Vec<u64> {
        match recent.ahead(cursor, 9) {
            Ahead::Here(events) => events.iter().map(|next| next.stored.position).collect(),
            Ahead::Stored(_) => Vec::new(),
            Ahead::Rewound => panic!("nothing was rewound"),
        }
    }

    #[test]
    fn what_an_earlier_process_left_comes_first() {
        let recent = recent();
        append(&recent, &[7, 9]);
        assert_eq!(here(&recent, 0), [0; 0], "the store may hold 3");
        assert_eq!(here(&recent, 7), [9], "all up to 7 came from the store");
    }

    #[test]
    fn what_was_stored_without_a_pump_is_not_passed_over() {
        let recent = recent();
        append(&recent, &[1]);
        recent.deactivate();
        append(&recent, &[2]);
        recent.activate();
        assert!(matches!(recent.ahead(1, 9), Ahead::Rewound));
        append(&recent, &[3]);
        assert_eq!(here(&recent, 1), [0; 0], "2 is in the store alone");
        assert_eq!(here(&recent, 2), [3]);
    }

    #[test]
    fn what_there_was_no_room_for_is_not_passed_over() {
        let recent = recent();
        let many: Vec<u64> = (1..=RECENT as u64 + 1).collect();
        append(&recent, &many);
        assert_eq!(here(&recent, RECENT as u64), [0; 0]);
        append(&recent, &[5_000]);
        assert_eq!(
            here(&recent, RECENT as u64),
            [0; 0],
            "one is in the store alone"
        );
        assert_eq!(here(&recent, RECENT as u64 + 1), [5_000]);
    }

    #[test]
    fn what_was_stored_before_under_its_key_comes_once_and_hides_nothing() {
        let recent = recent();
        let keyed = |position| {
            let may_be_old = true;
            let next = PendingEvent {
                may_be_old,
                ..next(position)
            };
            recent.appended([next].into_iter());
        };
        keyed(3);
        append(&recent, &[7, 8]);
        assert_eq!(here(&recent, 3), [0; 0], "4 to 6 may be in the store");
        keyed(7);
        keyed(9);
        assert_eq!(here(&recent, 7), [8, 9]);
    }

    #[test]
    fn the_bus_is_busy_until_all_is_taken_and_settled() {
        let recent = recent();
        let Ahead::Stored(version) = recent.ahead(0, 9) else {
            panic!("nothing is here");
        };
        append(&recent, &[1]);
        recent.exhaust(version, || false);
        assert_eq!(recent.backlog.len(), 1, "something came meanwhile");
        let Ahead::Stored(version) = recent.ahead(1, 9) else {
            panic!("nothing is here");
        };
        recent.exhaust(version, || true);
        assert_eq!(recent.backlog.len(), 1, "it is not settled");
        recent.settled(|| false);
        assert_eq!(recent.backlog.len(), 0);
    }
}
