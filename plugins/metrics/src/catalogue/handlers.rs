//! The metrics of each handler, and of each schedule.

use std::collections::BTreeMap;

use plugin_core::Distribution;
use plugin_core::event::{BreakerState, HandlerReport};
use plugin_core::lifecycle::MetricsSnapshot;

use crate::family::{Family, Kind};
use crate::samples::Samples;

const HANDLER: &[&str] = &["plugin", "handler", "topic"];
const SCHEDULE: &[&str] = &["plugin", "schedule"];

/// A count for each handler. Several subscriptions with the same name are added up.
fn sums(
    snapshot: &MetricsSnapshot,
    samples: &mut Samples<'_>,
    count: impl Fn(&HandlerReport) -> u64,
) {
    let mut sums: BTreeMap<[&str; 3], u64> = BTreeMap::new();
    for report in &snapshot.handlers {
        let key = [report.plugin, report.handler, &report.topic];
        *sums.entry(key).or_default() += count(report);
    }
    for (key, sum) in sums {
        samples.put(key, sum);
    }
}

const fn handler(
    name: &'static str,
    help: &'static str,
    fill: fn(&MetricsSnapshot, &mut Samples<'_>),
) -> Family {
    Family::new((name, Kind::Counter), HANDLER, help, fill)
}

pub(super) const FAMILIES: &[Family] = &[
    handler(
        "plugin_handler_received",
        "Events with which the handler was called.",
        |snapshot, samples| sums(snapshot, samples, |it| it.received),
    ),
    handler(
        "plugin_handler_errors",
        "Calls that failed, panicked or timed out.",
        |snapshot, samples| sums(snapshot, samples, |it| it.errors),
    ),
    handler(
        "plugin_handler_timeouts",
        "Calls that timed out.",
        |snapshot, samples| sums(snapshot, samples, |it| it.timeouts),
    ),
    handler(
        "plugin_handler_retries",
        "Events with which the handler was called again after a failure.",
        |snapshot, samples| sums(snapshot, samples, |it| it.retries),
    ),
    handler(
        "plugin_handler_dead_lettered",
        "Events that became dead letters.",
        |snapshot, samples| sums(snapshot, samples, |it| it.dead_lettered),
    ),
    Family::new(
        ("plugin_handler_duration_seconds", Kind::Histogram),
        &["plugin", "handler", "topic", "timed"],
        "Duration of the timed calls: `timed` is `all`, or `1:64` for the first calls and then one in 64. `plugin_handler_received_total` counts all calls.",
        |snapshot, samples| {
            let mut all: BTreeMap<[&str; 4], Distribution> = BTreeMap::new();
            for report in &snapshot.handlers {
                let timed = if report.times_every_call {
                    "all"
                } else {
                    "1:64"
                };
                let key = [report.plugin, report.handler, &report.topic, timed];
                all.entry(key).or_default().add(&report.latency);
            }
            for (key, times) in &all {
                samples.times(*key, times);
            }
        },
    ),
    Family::new(
        ("plugin_breaker_open", Kind::Gauge),
        &["plugin", "handler"],
        "Whether the circuit breaker of the handler is open, so that it allows only test calls: 1 or 0.",
        |snapshot, samples| {
            for plugin in &snapshot.status.plugins {
                for breaker in &plugin.breakers {
                    let is_open = breaker.state != BreakerState::Closed;
                    samples.put([plugin.name, breaker.handler], is_open);
                }
            }
        },
    ),
    Family::new(
        ("plugin_breaker_opened", Kind::Counter),
        &["plugin", "handler"],
        "How often the circuit breaker has opened since the plugin runs.",
        |snapshot, samples| {
            for plugin in &snapshot.status.plugins {
                for breaker in &plugin.breakers {
                    samples.put([plugin.name, breaker.handler], breaker.opened);
                }
            }
        },
    ),
    Family::new(
        ("plugin_schedule_runs", Kind::Counter),
        &["plugin", "schedule", "outcome"],
        "Runs of the schedule that `completed`, `failed`, or were `cancelled` by a stop, and due times that were `skipped` or `missed`.",
        |snapshot, samples| {
            for it in &snapshot.schedules {
                let counts = &it.counts;
                for (outcome, count) in [
                    ("completed", counts.completed),
                    ("failed", counts.failed),
                    ("cancelled", counts.cancelled),
                    ("skipped", counts.skipped),
                    ("missed", counts.missed),
                ] {
                    samples.put([it.plugin, &it.schedule, outcome], count);
                }
            }
        },
    ),
    Family::new(
        ("plugin_schedule_running", Kind::Gauge),
        SCHEDULE,
        "Runs of the schedule that are in progress.",
        |snapshot, samples| {
            for it in &snapshot.schedules {
                samples.put([it.plugin, &it.schedule], it.running);
            }
        },
    ),
];
