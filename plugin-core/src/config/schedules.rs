//! What config says of a plugin's declared schedules.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::issue::{Issue, IssueKind};
use super::report::Report;
use super::settings::PluginSettings;
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::options::When;
use crate::period::Period;
use crate::schedule::{Cron, Schedule, Timing, Trigger, TriggerError};

/// What config says of a declared schedule. A key that is absent leaves what the plugin declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleConfig {
    /// Whether it is ever due.
    pub enabled: bool,
    /// Makes it due at a fixed rate.
    #[schemars(extend("x-min" = "1ms", "x-max" = "3650d"))]
    pub every: Option<Period>,
    /// Makes it due by an expression of five fields, or of six with seconds first.
    pub cron: Option<String>,
    /// Timezone of the expression, by its name in the IANA database.
    pub timezone: Option<String>,
    /// Makes it due once, so long after the plugin runs.
    #[schemars(extend("x-min" = "0s", "x-max" = "3650d"))]
    pub after: Option<Period>,
    /// Longest delay that is added to each due time, at random.
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
    /// When it is due, with what the plugin declares.
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

    /// The keys of which at most one says when it is due.
    fn whens(&self) -> impl Iterator<Item = &'static str> {
        let keys = [
            ("every", self.every.is_some()),
            ("cron", self.cron.is_some()),
            ("after", self.after.is_some()),
        ];
        keys.into_iter().filter(|(_, set)| *set).map(|(key, _)| key)
    }
}

impl Timing {
    /// A declared schedule, with what config says of it.
    ///
    /// # Errors
    ///
    /// When the expression or the timezone is none, or the period is zero.
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

/// Adds what makes no schedule, also when it is the plugin that declares it.
pub(super) fn check(
    composition: &Composition,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    for plugin in composition.plugins() {
        let settings = &plugins[plugin.name];
        if settings.config.enabled {
            for schedule in plugin.schedules {
                check_one(plugin, schedule, settings, report);
            }
        }
    }
}

fn check_one(
    plugin: &Descriptor,
    schedule: &Schedule,
    settings: &PluginSettings,
    report: &mut Report,
) {
    let section = format!("schedules.{}", schedule.name);
    let mut issue = |key: &str, what: String| {
        let key = format!("{section}{key}");
        let place = settings.origin(&key);
        let key = format!("{}.{key}", plugin.name);
        report.issue(Issue::new(IssueKind::Invalid, &place, key, what));
    };
    let config = settings.config.schedules.get(schedule.name);
    if let Some(config) = config {
        let whens: Vec<_> = config.whens().collect();
        if whens.len() > 1 {
            let keys = whens.join("` and `");
            issue("", format!("`{keys}` exclude each other: keep one of them"));
        }
        let is_cron = whens
            .first()
            .map_or(matches!(schedule.when, When::Cron { .. }), |key| {
                *key == "cron"
            });
        if config.timezone.is_some() && !is_cron {
            let what = "a timezone is of a `cron` expression: give one, or leave `timezone` out";
            issue(".timezone", what.to_owned());
        }
    }
    if let Err(error) = Timing::declared(schedule, config) {
        let key = match error {
            TriggerError::Timezone { .. } => ".timezone",
            TriggerError::Cron { .. } => ".cron",
            TriggerError::NoPeriod => ".every",
        };
        issue(key, error.to_string());
    }
}
