//! The status of a schedule for observers.

use super::ScheduleEntry;
use crate::clock::Clock;
use crate::schedule::status::{ScheduleState, ScheduleStatus};

impl ScheduleEntry {
    pub(in crate::schedule) fn state(&self, is_live: bool) -> ScheduleState {
        if !self.enabled {
            ScheduleState::Disabled
        } else if self.cancelled {
            ScheduleState::Cancelled
        } else if self.paused {
            ScheduleState::Paused
        } else if !is_live {
            ScheduleState::Stopped
        } else if self.is_over() {
            ScheduleState::Finished
        } else {
            ScheduleState::Active
        }
    }

    pub(in crate::schedule) fn status(
        &self,
        plugin: &'static str,
        is_live: bool,
        clock: &Clock,
    ) -> ScheduleStatus {
        ScheduleStatus {
            plugin,
            schedule: self.name.to_string(),
            declared: self.declared,
            timing: self.timing.to_string(),
            state: self.state(is_live),
            running: self.running,
            queued: self.waiting.len(),
            counts: self.counts,
            last: self.last.clone(),
            next: self.fires().map(|at| match self.due {
                Some(due) => due.time(clock) + self.delay,
                None => clock.time_of(at),
            }),
        }
    }
}
