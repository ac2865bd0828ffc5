//! What a plugin does at times of its own.

use std::time::{Duration, SystemTime};

use plugin_core::config::{Period, PluginSettings};
use plugin_core::schedule::{Timing, Trigger, timestamp};
use plugin_core::{Descriptor, Schedule};
use serde::Serialize;

/// A declared schedule, with what the config says of it.
#[derive(Debug, Serialize)]
pub(super) struct Scheduled {
    pub(super) schedule: &'static str,
    pub(super) enabled: bool,
    /// When it runs and how, in words.
    pub(super) timing: String,
    /// When it is due next: a time of day, or how long after the plugin runs.
    pub(super) next: Option<String>,
}

pub(super) fn of(plugin: &Descriptor, settings: Option<&PluginSettings>) -> Vec<Scheduled> {
    let schedules = plugin.schedules.iter();
    schedules.map(|one| scheduled(one, settings)).collect()
}

fn scheduled(schedule: &Schedule, settings: Option<&PluginSettings>) -> Scheduled {
    let config = settings.and_then(|settings| settings.config.schedules.get(schedule.name));
    let enabled = config.is_none_or(|config| config.enabled);
    let (timing, next) = match Timing::declared(schedule, config) {
        Ok(timing) => (timing.to_string(), next(timing.trigger())),
        Err(error) => (error.to_string(), None),
    };
    Scheduled {
        schedule: schedule.name,
        enabled,
        timing,
        next: if enabled {
            next
        } else {
            Some("off".to_owned())
        },
    }
}

fn next(trigger: &Trigger) -> Option<String> {
    let after = |wait: Duration| Some(format!("{} after the plugin runs", Period::new(wait)));
    match trigger {
        Trigger::Every(wait) | Trigger::After(wait) => after(*wait),
        Trigger::Cron(cron) => cron.next(SystemTime::now()).map(timestamp),
        _ => None,
    }
}
