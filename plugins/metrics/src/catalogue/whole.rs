//! The metrics of the whole system.

use std::time::UNIX_EPOCH;

use plugin_core::lifecycle::{MetricsSnapshot, ReloadOutcome};

use crate::family::{Family, Kind};
use crate::samples::Samples;

const fn gauge(
    name: &'static str,
    help: &'static str,
    fill: fn(&MetricsSnapshot, &mut Samples<'_>),
) -> Family {
    Family::new((name, Kind::Gauge), &[], help, fill)
}

pub(super) const FAMILIES: &[Family] = &[
    gauge(
        "plugin_manager_ready",
        "Whether every plugin serves: 1 or 0.",
        |snapshot, samples| samples.put([], snapshot.status.ready),
    ),
    gauge(
        "plugin_manager_plugins",
        "Instances under management.",
        |snapshot, samples| samples.put([], snapshot.system.total_plugins),
    ),
    gauge(
        "plugin_manager_running_plugins",
        "Instances that run.",
        |snapshot, samples| samples.put([], snapshot.system.running_plugins),
    ),
    gauge(
        "plugin_manager_failed_plugins",
        "Instances that have failed and do not run.",
        |snapshot, samples| samples.put([], snapshot.system.failed_plugins),
    ),
    gauge(
        "plugin_manager_queue_size",
        "Events that are accepted and not handled yet.",
        |snapshot, samples| samples.put([], snapshot.system.event_queue_size),
    ),
    gauge(
        "plugin_manager_event_throughput",
        "Events that were published in one second: the mean since the previous scrape.",
        |snapshot, samples| samples.put([], snapshot.system.event_throughput),
    ),
    gauge(
        "plugin_manager_dependency_conflicts",
        "Plugins that conflict with each other: always 0, because such a set can't be built.",
        |snapshot, samples| samples.put([], snapshot.system.dependency_conflicts),
    ),
    gauge(
        "plugin_manager_circular_dependencies",
        "Plugins that need each other in a circle: always 0, because such a set can't be built.",
        |snapshot, samples| samples.put([], snapshot.system.circular_dependencies),
    ),
    Family::new(
        ("plugin_manager_reloads", Kind::Counter),
        &["outcome"],
        "Reloads of the config that were `applied`, including those that changed nothing, `refused` before anything was changed, or `rolled_back` because a plugin failed with them.",
        |snapshot, samples| {
            let reloads = &snapshot.reloads;
            samples.put(["applied"], reloads.applied);
            samples.put(["refused"], reloads.refused);
            samples.put(["rolled_back"], reloads.rolled_back);
        },
    ),
    gauge(
        "plugin_manager_last_reload_successful",
        "Whether the last reload was applied: 1 or 0; 1 if there was none.",
        |snapshot, samples| {
            let last = snapshot.reloads.last;
            let is_good = last.is_none_or(|(outcome, _)| outcome == ReloadOutcome::Applied);
            samples.put([], is_good);
        },
    ),
    gauge(
        "plugin_manager_last_reload_timestamp_seconds",
        "When the last reload ended, in seconds since 1970; absent if there was none.",
        |snapshot, samples| {
            let since = snapshot
                .reloads
                .last
                .map(|(_, at)| at.duration_since(UNIX_EPOCH));
            if let Some(Ok(since)) = since {
                samples.put([], since.as_secs_f64());
            }
        },
    ),
    gauge(
        "plugin_manager_config_generation",
        "The number of the applied config in `config history`; absent if it is not kept.",
        |snapshot, samples| {
            if let Some(generation) = snapshot.config_generation {
                samples.put([], generation);
            }
        },
    ),
    Family::new(
        ("plugin_manager_audit_lost", Kind::Counter),
        &[],
        "Entries of the audit log that were lost because the disk or the queue was full.",
        |snapshot, samples| samples.put([], snapshot.status.audit.lost),
    ),
    gauge(
        "plugin_manager_config_rolled_back",
        "Whether an earlier config is in force in place of the files, until one of them changes: 1 or 0.",
        |snapshot, samples| samples.put([], snapshot.status.config.rollback.is_some()),
    ),
];
