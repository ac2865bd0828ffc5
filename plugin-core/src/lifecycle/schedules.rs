//! The schedules of a running system: announcements of their runs, and the operations on them.

use std::time::Duration;

use super::announcer::Announcer;
use super::instance::Instance;
use super::kernel::Kernel;
use super::operation::{OperationError, OperationOutcome, ScheduleAction};
use crate::config::PluginSettings;
use crate::descriptor::Descriptor;
use crate::event::kernel::{ScheduleCompleted, ScheduleFailed};
use crate::schedule::{Ended, Refused, ScheduleStatus, Timing};

/// The schedules that a plugin declares, with the options that config sets.
pub(super) fn declared(
    plugin: &Descriptor,
    settings: &PluginSettings,
) -> Vec<(&'static str, Timing, bool)> {
    let of_config = &settings.config.schedules;
    let declared = plugin.schedules.iter().map(|schedule| {
        let config = of_config.get(schedule.name);
        let timing = Timing::declared(schedule, config)
            .expect("config is loaded only with schedules that can be kept");
        (schedule.name, timing, config.is_none_or(|it| it.enabled))
    });
    declared.collect()
}

/// Announces a run that has ended.
pub(super) fn announce(announcer: &Announcer, plugin: &str, ended: &Ended) {
    let (plugin, schedule) = (plugin.to_owned(), ended.run.schedule().to_owned());
    let (run, took_us) = (ended.run.number(), micros(ended.took));
    match &ended.outcome {
        Ok(()) => announcer.announce_or_drop(ScheduleCompleted {
            plugin,
            schedule,
            run,
            took_us,
        }),
        Err(error) => announcer.announce_or_drop(ScheduleFailed {
            plugin,
            schedule,
            run,
            took_us,
            kind: error.kind().as_str().to_owned(),
            error: error.to_string(),
        }),
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

impl Kernel {
    /// Every schedule, in start order of the plugins.
    pub(super) fn schedules(&self) -> Vec<ScheduleStatus> {
        self.instances()
            .iter()
            .flat_map(|instance| instance.setup().timetable.status())
            .collect()
    }

    /// Prevents further runs from beginning.
    pub(super) fn close_schedules(&self) {
        for instance in &*self.instances() {
            instance.setup().timetable.close();
        }
    }
}

impl Instance {
    /// Carries out an operation on a schedule.
    pub(super) fn operate_schedule(
        &self,
        schedule: &str,
        action: ScheduleAction,
    ) -> Result<OperationOutcome, OperationError> {
        let done = match action {
            ScheduleAction::Pause => self.setup().timetable.pause(schedule),
            ScheduleAction::Resume => self.setup().timetable.resume(schedule),
            ScheduleAction::Run => self.setup().timetable.run_now(schedule),
            ScheduleAction::Cancel => self.setup().timetable.cancel(schedule),
        };
        let (plugin, schedule) = (self.name(), schedule.to_owned());
        match done {
            Ok(()) => Ok(OperationOutcome::of(Vec::new())),
            Err(Refused::Unknown(known)) => Err(OperationError::UnknownSchedule {
                plugin,
                schedule,
                known,
            }),
            Err(Refused::State(state)) => Err(OperationError::ScheduleState {
                plugin,
                schedule,
                state,
            }),
            Err(Refused::Runs) => Err(OperationError::ScheduleRuns { plugin, schedule }),
        }
    }
}
