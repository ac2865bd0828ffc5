//! The operations of a plugin and of an operator on the schedules of an instance.

use std::sync::Arc;

use tokio::time::Instant;

use super::Timetable;
use crate::clock::Clock;
use crate::schedule::book::{Book, Phase};
use crate::schedule::entry::ScheduleEntry;
use crate::schedule::error::ScheduleError;
use crate::schedule::run::Call;
use crate::schedule::status::ScheduleState;
use crate::schedule::timing::Timing;

/// Most schedules that a plugin may have at once.
const MOST: usize = 100_000;

/// The reason why an operator's request was refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// No schedule has this name; contains the names that exist.
    Unknown(Vec<String>),
    /// Its state does not allow it.
    State(ScheduleState),
    /// A run is in progress, and runs may not overlap.
    Runs,
}

impl Timetable {
    /// Adds a schedule that is created at run time.
    pub(crate) fn add(
        &self,
        name: impl FnOnce(u64) -> Arc<str>,
        timing: Timing,
        call: Call,
    ) -> Result<u64, ScheduleError> {
        let mut book = self.book();
        if !matches!(book.phase, Phase::Waiting | Phase::Active(_)) {
            return Err(ScheduleError::Stopping);
        }
        if book.len() >= MOST {
            return Err(ScheduleError::Full(MOST));
        }
        let name = name(book.next_number());
        if book.find(&name).is_some() {
            return Err(ScheduleError::Taken(name.to_string()));
        }
        let is_active = book.is_active();
        let id = book.insert(ScheduleEntry::new(name, timing, Some(call)));
        if is_active {
            book.change(id, |entry| entry.arm(Instant::now(), &self.clock));
        }
        drop(book);
        self.changed.notify_one();
        Ok(id)
    }

    /// Removes a schedule that was created at run time. No run of it begins after this.
    pub(crate) fn remove(&self, id: u64) {
        let removed = self.book().remove(id);
        self.discard(removed);
    }

    /// Pauses a schedule.
    pub(crate) fn pause(&self, name: &str) -> Result<(), Refused> {
        self.operate(name, |entry, state, _| match state {
            ScheduleState::Active | ScheduleState::Stopped => {
                entry.pause();
                Ok(())
            }
            state => Err(Refused::State(state)),
        })
    }

    /// Resumes a schedule.
    pub(crate) fn resume(&self, name: &str) -> Result<(), Refused> {
        self.operate(name, |entry, state, clock| match state {
            ScheduleState::Paused => {
                entry.resume(Instant::now(), clock);
                Ok(())
            }
            state => Err(Refused::State(state)),
        })
    }

    /// Begins a run now, whether or not one is due.
    pub(crate) fn run_now(self: &Arc<Self>, name: &str) -> Result<(), Refused> {
        let mut book = self.book();
        let id = known(&book, name)?;
        let is_active = book.is_active();
        let now = self.clock.now();
        let accepted = book.change(id, |entry| match entry.state(is_active) {
            state @ (ScheduleState::Cancelled | ScheduleState::Stopped) => {
                Err(Refused::State(state))
            }
            _ if !is_active => Err(Refused::State(ScheduleState::Stopped)),
            _ if entry.accept_by_hand(now) => Ok(()),
            _ => Err(Refused::Runs),
        });
        accepted.unwrap_or(Ok(()))?;
        let over = self.start(&mut book, id);
        drop(book);
        self.discard(over);
        Ok(())
    }

    /// Cancels a schedule permanently; a declared one stays cancelled as long as the system runs.
    pub(crate) fn cancel(&self, name: &str) -> Result<(), Refused> {
        let mut book = self.book();
        let id = known(&book, name)?;
        if book.entry(id).is_some_and(|entry| !entry.declared) {
            let removed = book.remove(id);
            drop(book);
            self.discard(removed);
            return Ok(());
        }
        drop(book);
        self.operate(name, |entry, state, _| match state {
            ScheduleState::Cancelled | ScheduleState::Disabled => Err(Refused::State(state)),
            _ => {
                entry.rest();
                entry.cancelled = true;
                Ok(())
            }
        })
    }

    fn operate(
        &self,
        name: &str,
        change: impl FnOnce(&mut ScheduleEntry, ScheduleState, &Clock) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut book = self.book();
        let id = known(&book, name)?;
        let is_live = !matches!(book.phase, Phase::Ended);
        let changed = book.change(id, |entry| {
            let state = entry.state(is_live);
            change(entry, state, &self.clock)
        });
        drop(book);
        self.changed.notify_one();
        changed.unwrap_or(Ok(()))
    }
}

fn known(book: &Book, name: &str) -> Result<u64, Refused> {
    book.find(name).ok_or_else(|| {
        Refused::Unknown(book.entries().map(|entry| entry.name.to_string()).collect())
    })
}
