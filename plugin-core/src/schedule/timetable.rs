//! The schedules of one instance, and the timer that begins their runs: a task that sleeps until
//! the next one is due.
//!
//! Invariants: a run begins only while the plugin runs, which is checked under the lock that a stop
//! takes; a run is a task in the plugin's scope; the timer wakes up when something is due or has
//! changed, and once a minute if any schedule depends on the time of day. An instance that can have
//! no schedules has no timer.

mod operations;
mod timer;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::book::{Book, Phase, RunScope};
use super::declared::Schedule;
use super::entry::ScheduleEntry;
use super::run::{Call, Ended, ScheduledRun};
use super::status::ScheduleStatus;
use super::timing::Timing;
use crate::boxed::PluginRef;
use crate::clock::Clock;
use crate::context::Identity;
use crate::event::port::{self, ScheduleRun};
use crate::guard;
use crate::tasks::Tasks;

pub(crate) use operations::Refused;

/// Is called with each run that ended.
pub(crate) type Told = Box<dyn Fn(&'static str, &Ended) + Send + Sync>;

/// The schedules of one instance.
pub(crate) struct Timetable {
    identity: Arc<Identity>,
    /// Time limit of a run that does not set its own.
    limit: Duration,
    clock: Clock,
    told: Told,
    book: Mutex<Book>,
    /// Whether the plugin can create schedules.
    is_open: AtomicBool,
    changed: Notify,
}

impl Timetable {
    /// The declared schedules of an instance, and whether each is enabled.
    pub(crate) fn new(
        identity: Arc<Identity>,
        (limit, clock): (Duration, Clock),
        declared: Vec<(&'static str, Timing, bool)>,
        told: Told,
    ) -> Self {
        let mut book = Book::default();
        for (name, timing, enabled) in declared {
            let mut entry = ScheduleEntry::new(name.into(), timing, None);
            entry.enabled = enabled;
            book.insert(entry);
        }
        Self {
            identity,
            limit,
            clock,
            told,
            book: Mutex::new(book),
            is_open: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// From now on, the plugin can create schedules.
    pub(super) fn open(&self) {
        self.is_open.store(true, Relaxed);
    }

    /// Whether the plugin has a schedule, or may create one while it runs.
    pub(crate) fn is_needed(&self) -> bool {
        self.is_open.load(Relaxed) || self.book().len() > 0
    }

    /// Begins a life, before the plugin is initialized.
    pub(crate) fn begin(&self) {
        let mut book = self.book();
        book.phase = Phase::Waiting;
        book.life += 1;
        let left_behind = book.take_undeclared();
        drop(book);
        if !left_behind.is_empty() {
            self.discard(left_behind);
        }
    }

    /// The plugin runs: from now on, schedules are due.
    pub(crate) fn activate(
        self: &Arc<Self>,
        plugin: &PluginRef,
        declared: &'static [Schedule],
        tasks: Tasks,
    ) {
        if !self.is_needed() {
            return;
        }
        let scope = RunScope {
            tasks,
            runs: TaskTracker::new(),
            cancel: CancellationToken::new(),
            close: CancellationToken::new(),
        };
        let close = scope.close.clone();
        let now = Instant::now();
        let mut book = self.book();
        for schedule in declared {
            let call = call_of(plugin, schedule);
            if let Some(id) = book.find(schedule.name) {
                book.change(id, |entry| entry.call = Some(call));
            }
        }
        book.change_all(|entry| entry.arm(now, &self.clock));
        book.phase = Phase::Active(scope);
        drop(book);
        drop(crate::spawn::spawn(Arc::clone(self).drive(close)));
    }

    /// Takes over the results of the declared schedules of an earlier life, and the effects of an
    /// operator's actions. A run that is still in progress there is aborted by that life's stop,
    /// and counts as aborted.
    pub(crate) fn follow(&self, before: &Self) {
        let earlier = before.book();
        let mut book = self.book();
        for entry in earlier.entries().filter(|entry| entry.declared) {
            if let Some(id) = book.find(&entry.name) {
                book.change(id, |own| own.follow(entry));
            }
        }
    }

    /// Prevents further runs from beginning.
    pub(crate) fn close(&self) {
        let mut book = self.book();
        book.phase = match std::mem::take(&mut book.phase) {
            Phase::Active(scope) => {
                scope.close.cancel();
                Phase::Closing(scope)
            }
            other => other,
        };
    }

    /// Ends the runs, and waits for them. A run is dropped at its next await.
    pub(crate) async fn end(&self) {
        self.close();
        if let Phase::Closing(scope) = self.clear() {
            scope.cancel.cancel();
            scope.runs.close();
            scope.runs.wait().await;
        }
    }

    /// Removes everything that belongs to this life of the plugin, and returns the phase in which
    /// it ended.
    fn clear(&self) -> Phase {
        let mut calls: Vec<Call> = Vec::new();
        let mut book = self.book();
        let phase = std::mem::take(&mut book.phase);
        book.change_all(|entry| {
            entry.rest();
            calls.extend(entry.call.take());
        });
        let undeclared = book.take_undeclared();
        drop(book);
        self.tell_lost(&undeclared);
        if !undeclared.is_empty() || !calls.is_empty() {
            self.discard((undeclared, calls));
        }
        phase
    }

    /// Logs events that were scheduled for later and will not be published.
    fn tell_lost(&self, ended: &[ScheduleEntry]) {
        let lost = ended
            .iter()
            .filter(|entry| entry.timing.trigger.is_once())
            .count();
        if lost > 0 {
            tracing::warn!(
                plugin = self.identity.name(),
                lost,
                "the plugin stops before what it scheduled once was due"
            );
        }
    }

    /// The status of every schedule, in the order in which they were created.
    pub(crate) fn status(&self) -> Vec<ScheduleStatus> {
        let book = self.book();
        let is_live = !matches!(book.phase, Phase::Ended);
        book.entries()
            .map(|entry| entry.status(self.identity.name(), is_live, &self.clock))
            .collect()
    }

    /// Drops a value that may contain code of the plugin, and catches a panic.
    fn discard<T>(&self, of_plugin: T) {
        let dropped = guard::call(self.identity.current(), || {
            drop(of_plugin);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::error!(
                plugin = self.identity.name(),
                "the `Drop` of a schedule {error}"
            );
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The function that a run of a declared schedule calls.
fn call_of(plugin: &PluginRef, schedule: &'static Schedule) -> Call {
    if let Some(port) = port::of(plugin) {
        return Arc::new(move |run: ScheduledRun| {
            Arc::clone(&port).run(&ScheduleRun {
                schedule: &run.schedule,
                number: run.number,
                due: run.due,
                by_hand: run.by_hand,
            })
        });
    }
    let plugin = Arc::clone(plugin);
    Arc::new(move |run| (schedule.run)(Arc::clone(&plugin), run))
}

impl fmt::Debug for Timetable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timetable")
            .field("plugin", &self.identity.name())
            .field("schedules", &self.book().len())
            .finish_non_exhaustive()
    }
}
