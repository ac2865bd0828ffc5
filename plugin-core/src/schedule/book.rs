//! All schedules of one plugin, by number, name and time. Values of a plugin that these methods
//! return have to be dropped by the caller outside of the lock, because dropping them may run code
//! of the plugin.
//!
//! Invariants: `queue` contains each entry that is due once, at the time in `at`; a name belongs to
//! one entry.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::entry::ScheduleEntry;
use crate::clock::Clock;
use crate::tasks::Tasks;

/// How long the machine's clock is assumed to continue regularly.
const FRESH: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Book {
    pub(super) phase: Phase,
    /// The life of the plugin. Runs of an earlier life change nothing.
    pub(super) life: u64,
    entries: BTreeMap<u64, ScheduleEntry>,
    names: HashMap<Arc<str>, u64>,
    queue: BTreeSet<(Instant, u64)>,
    at: HashMap<u64, Instant>,
    /// The entries that depend on the time of day.
    of_day: BTreeSet<u64>,
    refreshed: Option<Instant>,
    next: u64,
}

/// The phase of the plugin's life.
#[derive(Default)]
pub(super) enum Phase {
    /// It does not live, so nothing can be scheduled.
    #[default]
    Ended,
    /// It is initialized but does not run, so schedules wait.
    Waiting,
    /// It runs.
    Active(RunScope),
    /// It is about to stop: runs in progress continue, and no run begins.
    Closing(RunScope),
}

/// The scope to which runs belong.
#[derive(Clone)]
pub(super) struct RunScope {
    pub(super) tasks: Tasks,
    pub(super) runs: TaskTracker,
    /// Ends the runs.
    pub(super) cancel: CancellationToken,
    /// Ends the timer.
    pub(super) close: CancellationToken,
}

impl Book {
    pub(super) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Active(_))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The number of the next entry.
    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    pub(super) fn find(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }

    pub(super) fn insert(&mut self, entry: ScheduleEntry) -> u64 {
        let id = self.next;
        self.next += 1;
        self.names.insert(Arc::clone(&entry.name), id);
        if entry.timing.trigger.is_of_the_day() {
            self.of_day.insert(id);
        }
        self.entries.insert(id, entry);
        id
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<ScheduleEntry> {
        let entry = self.entries.remove(&id)?;
        self.names.remove(&entry.name);
        self.of_day.remove(&id);
        self.index(id);
        Some(entry)
    }

    pub(super) fn entry(&self, id: u64) -> Option<&ScheduleEntry> {
        self.entries.get(&id)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &ScheduleEntry> {
        self.entries.values()
    }

    /// Changes an entry, and moves it to its new time.
    pub(super) fn change<T>(
        &mut self,
        id: u64,
        change: impl FnOnce(&mut ScheduleEntry) -> T,
    ) -> Option<T> {
        let changed = self.entries.get_mut(&id).map(change);
        self.index(id);
        changed
    }

    /// Changes all entries.
    pub(super) fn change_all(&mut self, mut change: impl FnMut(&mut ScheduleEntry)) {
        for id in self.ids() {
            self.change(id, &mut change);
        }
    }

    fn ids(&self) -> Vec<u64> {
        self.entries.keys().copied().collect()
    }

    fn index(&mut self, id: u64) {
        if let Some(at) = self.at.remove(&id) {
            self.queue.remove(&(at, id));
        }
        if let Some(at) = self.entries.get(&id).and_then(ScheduleEntry::fires) {
            self.at.insert(id, at);
            self.queue.insert((at, id));
        }
    }

    /// Adjusts the entries to a clock that was set, at most once a second; returns whether any
    /// entry depends on the clock.
    pub(super) fn refresh(&mut self, now: Instant, clock: &Clock) -> bool {
        let is_fresh = self.refreshed.is_some_and(|at| now < at + FRESH);
        if !is_fresh {
            self.refreshed = Some(now);
            for id in self.of_day.clone() {
                self.change(id, |entry| entry.refresh(clock));
            }
        }
        !self.of_day.is_empty()
    }

    /// The time at which the next entry is due.
    pub(super) fn first(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// The entry that has been due for the longest time.
    pub(super) fn due(&self, now: Instant) -> Option<u64> {
        self.queue
            .first()
            .filter(|(at, _)| *at <= now)
            .map(|(_, id)| *id)
    }

    /// Removes an entry that is over and was created at run time, so that such entries do not
    /// accumulate.
    pub(super) fn remove_if_over(&mut self, id: u64) -> Option<ScheduleEntry> {
        let entry = self.entries.get(&id)?;
        let is_done = !entry.declared && entry.is_over();
        is_done.then(|| self.remove(id)).flatten()
    }

    /// Removes the entries that were created at run time.
    pub(super) fn take_undeclared(&mut self) -> Vec<ScheduleEntry> {
        let undeclared: Vec<_> = (self.entries.iter())
            .filter(|(_, entry)| !entry.declared)
            .map(|(id, _)| *id)
            .collect();
        undeclared
            .into_iter()
            .filter_map(|id| self.remove(id))
            .collect()
    }
}
