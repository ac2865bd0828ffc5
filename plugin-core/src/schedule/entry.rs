//! One schedule of a plugin: its next due time, its runs, the waiting due times, and its results.
//!
//! Invariants: if the runs of a schedule may not be parallel, at most one runs; no more than
//! [`MOST`] due times wait; a due time is accepted, skipped or missed exactly once.

mod view;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::counts::ScheduleCounts;
use super::jitter;
use super::run::{Call, Ended, ScheduledRun};
use super::status::{LastRun, RunOutcome};
use super::timing::Timing;
use super::trigger::Due;
use crate::clock::Clock;
use crate::options::{Misfire, Overlap};

/// Most due times that may wait for their run, and most missed times that are counted one by one.
pub(super) const MOST: usize = 1000;

/// A due time that is noticed within this time is not missed.
const GRACE: Duration = Duration::from_secs(1);

/// The resolution of timers.
const FINEST: Duration = Duration::from_millis(1);

pub(super) struct ScheduleEntry {
    pub(super) name: Arc<str>,
    pub(super) declared: bool,
    pub(super) timing: Timing,
    /// The function that a run calls. A declared schedule has it while its plugin runs.
    pub(super) call: Option<Call>,
    pub(super) enabled: bool,
    pub(super) paused: bool,
    pub(super) cancelled: bool,
    due: Option<Due>,
    /// The jitter that is added to `due`.
    delay: Duration,
    /// The last time that was due.
    taken: Option<SystemTime>,
    /// How many more due times may be accepted.
    left: Option<u64>,
    number: u64,
    running: usize,
    waiting: VecDeque<DueRun>,
    pub(super) counts: ScheduleCounts,
    last: Option<LastRun>,
}

/// A due time that gets a run.
struct DueRun {
    due: SystemTime,
    by_hand: bool,
}

impl ScheduleEntry {
    pub(super) fn new(name: Arc<str>, timing: Timing, call: Option<Call>) -> Self {
        Self {
            name,
            declared: call.is_none(),
            timing,
            call,
            enabled: true,
            paused: false,
            cancelled: false,
            due: None,
            delay: Duration::ZERO,
            taken: None,
            left: None,
            number: 0,
            running: 0,
            waiting: VecDeque::new(),
            counts: ScheduleCounts::default(),
            last: None,
        }
    }

    /// Takes over the counts of an earlier life, and the effects of an operator's actions.
    pub(super) fn follow(&mut self, before: &Self) {
        self.paused = before.paused;
        self.cancelled = before.cancelled;
        self.counts = before.counts;
        self.counts.cancelled += before.running as u64;
        self.last.clone_from(&before.last);
    }

    /// Begins a life of the plugin.
    pub(super) fn arm(&mut self, now: Instant, clock: &Clock) {
        self.rest();
        self.number = 0;
        self.running = 0;
        self.taken = None;
        self.left = self.timing.options.max_runs;
        if self.enabled && !self.cancelled {
            let first = self.timing.trigger.first(now, clock);
            self.set_due(first, clock);
        }
    }

    /// Cancels the next due time and the waiting ones.
    pub(super) fn rest(&mut self) {
        self.due = None;
        self.waiting.clear();
    }

    /// Sets the next due time. The jitter ends before the time after that is due, so that it makes
    /// no time missed.
    fn set_due(&mut self, due: Option<Due>, clock: &Clock) {
        let mut most = self.timing.options.jitter;
        if !most.is_zero()
            && let Some(next) = due.and_then(|due| self.timing.trigger.next(&due, clock))
        {
            let room = due.map_or(most, |due| next.at.saturating_duration_since(due.at));
            most = most.min(room.saturating_sub(FINEST));
        }
        self.due = due;
        self.delay = jitter::up_to(most);
    }

    /// The time at which it has to be checked.
    pub(super) fn fires(&self) -> Option<Instant> {
        let due = self.due.filter(|_| !self.paused)?;
        due.at.checked_add(self.delay)
    }

    /// Adjusts the entry to a clock that was set.
    pub(super) fn refresh(&mut self, clock: &Clock) {
        let Some(due) = &mut self.due else { return };
        due.refresh(clock);
        let due = *due;
        if let Some(instead) = self.timing.trigger.instead(&due, self.taken, clock) {
            self.set_due(Some(instead), clock);
        }
    }

    /// Takes the times that are due by now.
    pub(super) fn look(&mut self, now: Instant, clock: &Clock) {
        let mut times = VecDeque::new();
        let mut late = Duration::ZERO;
        while let Some(due) = self.due
            && let Some(fires) = self.fires().filter(|fires| *fires <= now)
        {
            late = now - fires;
            times.push_back(due.time(clock));
            self.taken = Some(due.time(clock));
            let mut next = self.timing.trigger.next(&due, clock);
            if times.len() > MOST {
                self.counts.missed += 1;
                times.pop_front();
                if self.timing.trigger.is_of_the_day() {
                    // There are too many to find each of them.
                    next = self.timing.trigger.next_after(&due, now, clock);
                }
            }
            self.set_due(next, clock);
        }
        self.make_up(times, late);
    }

    /// Accepts those of the due times that the policy for missed times allows.
    fn make_up(&mut self, mut times: VecDeque<SystemTime>, late: Duration) {
        let misfire = self.timing.options.misfire;
        if times.len() > 1 && misfire == Misfire::CatchUp {
            for due in times {
                self.accept(due);
            }
            return;
        }
        let Some(last) = times.pop_back() else { return };
        self.counts.missed += times.len() as u64;
        if misfire == Misfire::Skip && late > GRACE {
            self.counts.missed += 1;
        } else if self.timing.options.overlap == Overlap::Skip && self.is_busy() {
            self.counts.skipped += 1;
        } else {
            self.accept(last);
        }
    }

    fn is_busy(&self) -> bool {
        self.running > 0 || !self.waiting.is_empty()
    }

    fn accept(&mut self, due: SystemTime) {
        if self.left == Some(0) {
            return;
        }
        if self.waiting.len() >= MOST {
            self.counts.skipped += 1;
            return;
        }
        self.waiting.push_back(DueRun {
            due,
            by_hand: false,
        });
        self.left = self.left.map(|left| left - 1);
        if self.left == Some(0) {
            self.due = None;
        }
    }

    /// Accepts a run that an operator requests; returns whether there is room for it.
    pub(super) fn accept_by_hand(&mut self, now: SystemTime) -> bool {
        let room = match self.timing.options.overlap {
            Overlap::Skip => !self.is_busy(),
            Overlap::Queue | Overlap::Parallel => self.waiting.len() < MOST,
        };
        if room {
            self.waiting.push_back(DueRun {
                due: now,
                by_hand: true,
            });
            if self.timing.trigger.is_once() {
                self.due = None;
            }
        }
        room
    }

    /// The next run that may begin now.
    pub(super) fn start(&mut self) -> Option<ScheduledRun> {
        if self.running > 0 && self.timing.options.overlap != Overlap::Parallel {
            return None;
        }
        let accepted = self.waiting.pop_front()?;
        self.running += 1;
        self.number += 1;
        Some(ScheduledRun {
            schedule: Arc::clone(&self.name),
            number: self.number,
            due: accepted.due,
            by_hand: accepted.by_hand,
        })
    }

    /// Takes back a run for which the plugin could not spawn a task.
    pub(super) fn refuse(&mut self) {
        self.withdraw();
        self.number -= 1;
        self.counts.skipped += 1;
    }

    /// Takes back a run whose schedule was cancelled before the run began.
    pub(super) fn withdraw(&mut self) {
        self.running = self.running.saturating_sub(1);
    }

    /// Records a run that has ended or was aborted.
    pub(super) fn end(&mut self, ended: Option<&Ended>) {
        self.withdraw();
        let Some(ended) = ended else {
            self.counts.cancelled += 1;
            return;
        };
        match ended.outcome() {
            RunOutcome::Completed => self.counts.completed += 1,
            RunOutcome::Failed | RunOutcome::TimedOut => self.counts.failed += 1,
        }
        self.last = Some(LastRun {
            number: ended.run.number,
            due: ended.run.due,
            took: ended.took,
            outcome: ended.outcome(),
            error: ended.outcome.as_ref().err().map(ToString::to_string),
        });
    }

    /// Whether nothing of it runs, waits or is due.
    pub(super) fn is_over(&self) -> bool {
        self.due.is_none() && !self.is_busy()
    }

    /// Pauses it. Waiting due times are skipped; a run in progress continues.
    pub(super) fn pause(&mut self) {
        self.paused = true;
        self.counts.skipped += self.waiting.len() as u64;
        self.waiting.clear();
    }

    /// Resumes it with its next due time. If it is due only once and that time has passed, it is
    /// due now.
    pub(super) fn resume(&mut self, now: Instant, clock: &Clock) {
        self.paused = false;
        let Some(due) = self.due.filter(|due| due.at <= now) else {
            return;
        };
        let next = if self.timing.trigger.is_once() {
            Some(Due::steady(now))
        } else {
            self.timing.trigger.next_after(&due, now, clock)
        };
        self.set_due(next, clock);
    }
}
