//! The config of a plugin's declared schedules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::When;
use crate::period::Period;
use crate::schedule::{Cron, Schedule, Timing, Trigger, TriggerError};

/// The config of a declared schedule. If a key is absent, the value that the plugin declares
/// applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Whether the schedule runs at all.
    pub enabled: bool,
    /// Runs the schedule at a fixed rate.
    #[schemars(extend("x-min" = "1ms", "x-max" = "3650d"))]
    pub every: Option<Period>,
    /// Runs the schedule by a cron expression of five fields, or of six with seconds first.
    pub cron: Option<String>,
    /// Time zone of the cron expression, by its name in the IANA database.
    pub timezone: Option<String>,
    /// Runs the schedule once, this long after the start of the plugin.
    #[schemars(extend("x-min" = "0s", "x-max" = "3650d"))]
    pub after: Option<Period>,
    /// Longest random delay that is added to each due time.
    #[schemars(extend("x-min" = "0s", "x-max" = "3650d"))]
    pub jitter: Option<Period>,
    /// Time limit of one run.
    #[schemars(extend("x-min" = "1ms", "x-max" = "365d"))]
    pub timeout: Option<Period>,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            every: None,
            cron: None,
            timezone: None,
            after: None,
            jitter: None,
            timeout: None,
        }
    }
}

impl ScheduleConfig {
    /// When the schedule is due, from the config and from what the plugin declares.
    fn trigger(&self, declared: When) -> Result<Trigger, TriggerError> {
        let (expression, timezone) = match declared {
            When::Cron {
                expression,
                timezone,
            } => (Some(expression), timezone),
            _ => (None, "UTC"),
        };
        let timezone = self.timezone.as_deref().unwrap_or(timezone);
        if let Some(period) = self.every {
            return Trigger::declared(When::Every(period.get()));
        }
        if let Some(delay) = self.after {
            return Ok(Trigger::After(delay.get()));
        }
        match self.cron.as_deref().or(expression) {
            Some(expression) => Cron::new(expression, timezone).map(Trigger::Cron),
            None => Trigger::declared(declared),
        }
    }

    /// The keys that say when the schedule is due. At most one of them may be set.
    pub(super) fn whens(&self) -> impl Iterator<Item = &'static str> {
        let keys = [
            ("every", self.every.is_some()),
            ("cron", self.cron.is_some()),
            ("after", self.after.is_some()),
        ];
        keys.into_iter().filter(|(_, set)| *set).map(|(key, _)| key)
    }
}

impl Timing {
    /// A declared schedule, with the options that config sets.
    ///
    /// # Errors
    ///
    /// Returns an error if the expression or the time zone is invalid, or if the period is zero.
    pub fn declared(
        schedule: &Schedule,
        config: Option<&ScheduleConfig>,
    ) -> Result<Self, TriggerError> {
        let trigger = match config {
            Some(config) => config.trigger(schedule.when)?,
            None => Trigger::declared(schedule.when)?,
        };
        let mut timing = Self::with(trigger, schedule.options);
        if let Some(jitter) = config.and_then(|config| config.jitter) {
            timing = timing.jitter(jitter.get());
        }
        if let Some(timeout) = config.and_then(|config| config.timeout) {
            timing = timing.timeout(timeout.get());
        }
        Ok(timing)
    }
}
