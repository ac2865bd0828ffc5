//! The metrics of each instance of a plugin.

use plugin_core::lifecycle::{MetricsSnapshot, PluginStatus, State};

use crate::family::{Family, Kind};
use crate::samples::{Samples, Value};

const PLUGIN: &[&str] = &["plugin"];

const fn gauge(
    name: &'static str,
    help: &'static str,
    fill: fn(&MetricsSnapshot, &mut Samples<'_>),
) -> Family {
    Family::new((name, Kind::Gauge), PLUGIN, help, fill)
}

const fn counter(
    name: &'static str,
    help: &'static str,
    fill: fn(&MetricsSnapshot, &mut Samples<'_>),
) -> Family {
    Family::new((name, Kind::Counter), PLUGIN, help, fill)
}

/// One sample for each instance.
fn each<V: Into<Value>>(
    snapshot: &MetricsSnapshot,
    samples: &mut Samples<'_>,
    value: impl Fn(&PluginStatus) -> V,
) {
    for plugin in &snapshot.status.plugins {
        samples.put([plugin.name], value(plugin));
    }
}

fn seconds(nanos: u64) -> f64 {
    std::time::Duration::from_nanos(nanos).as_secs_f64()
}

pub(super) const FAMILIES: &[Family] = &[
    Family::new(
        ("plugin_info", Kind::Gauge),
        &["plugin", "version"],
        "1, with the version of the plugin.",
        |snapshot, samples| {
            for plugin in &snapshot.status.plugins {
                samples.put([plugin.name, &plugin.version], true);
            }
        },
    ),
    gauge(
        "plugin_running",
        "Whether it runs: 1 or 0.",
        |snapshot, samples| each(snapshot, samples, |it| it.state == State::Running),
    ),
    gauge(
        "plugin_failed",
        "Whether it has failed and does not run: 1 or 0.",
        |snapshot, samples| each(snapshot, samples, |it| it.state == State::Failed),
    ),
    gauge(
        "plugin_ready",
        "Whether it serves, that is, it runs and its health is good: 1 or 0.",
        |snapshot, samples| each(snapshot, samples, |it| it.ready),
    ),
    gauge(
        "plugin_uptime_seconds",
        "How long it has been running; 0 if it does not run.",
        |snapshot, samples| {
            for plugin in snapshot.plugins() {
                samples.put([plugin.name], plugin.uptime.as_secs_f64());
            }
        },
    ),
    counter(
        "plugin_restarts",
        "How often it was restarted.",
        |snapshot, samples| each(snapshot, samples, |it| it.restarts),
    ),
    gauge("plugin_tasks", "Its running tasks.", |snapshot, samples| {
        each(snapshot, samples, |it| it.tasks)
    }),
    counter(
        "plugin_cpu_seconds",
        "Processor time that it has used: measured at each poll of its tasks, hooks and queued handlers, and estimated from a sample for inline handlers.",
        |snapshot, samples| each(snapshot, samples, |it| it.cpu.as_secs_f64()),
    ),
    counter(
        "plugin_throttled_seconds",
        "How long its tasks had to wait because it had used up its share, `resources.cpu`.",
        |snapshot, samples| each(snapshot, samples, |it| it.throttled.as_secs_f64()),
    ),
    gauge(
        "plugin_memory_bytes",
        "Memory that its code has allocated and that is not freed yet; absent in a build without the feature `accounting`, whose allocator counts it.",
        |snapshot, samples| {
            for plugin in &snapshot.status.plugins {
                if let Some(bytes) = plugin.memory {
                    samples.put([plugin.name], bytes);
                }
            }
        },
    ),
    gauge(
        "plugin_open_files",
        "Files that it has open through its `Files`.",
        |snapshot, samples| each(snapshot, samples, |it| it.open_files),
    ),
    counter(
        "plugin_events_received",
        "Events with which its handlers were called.",
        |snapshot, samples| each(snapshot, samples, |it| it.events.received),
    ),
    counter(
        "plugin_events_published",
        "Events that it published.",
        |snapshot, samples| each(snapshot, samples, |it| it.events.published),
    ),
    counter(
        "plugin_event_errors",
        "Calls of its handlers that failed, panicked or timed out, and failures of its interceptors.",
        |snapshot, samples| each(snapshot, samples, |it| it.events.errors),
    ),
    counter(
        "plugin_event_retries",
        "Events with which its handlers were called again after a failure.",
        |snapshot, samples| each(snapshot, samples, |it| it.events.retries),
    ),
    counter(
        "plugin_events_dead_lettered",
        "Events that became dead letters, because its handlers finally failed to handle them or were not called before a stop.",
        |snapshot, samples| each(snapshot, samples, |it| it.events.dead_lettered),
    ),
    Family::new(
        ("plugin_events_dropped", Kind::Counter),
        &["plugin", "reason"],
        "Events that were neither handled nor kept as dead letters. Events for its handlers: `overflow` dropped by the overflow policy, because the mailbox was full; `full` not accepted, because the mailbox was full and the publisher did not wait; `store` not stored for a durable handler; `ended` left over when a subscription made at run time ended; `filter` not handled because a filter or key panicked. Events that it published: `refused` by an interceptor; `endless` beyond `max_event_depth`; `stopping` published during a stop.",
        |snapshot, samples| {
            for plugin in &snapshot.status.plugins {
                for (reason, events) in plugin.events.dropped.by_reason() {
                    samples.put([plugin.name, reason], events);
                }
            }
        },
    ),
    gauge(
        "plugin_process_time_mean_seconds",
        "Mean time that its handlers took for an event, from the timed calls: the first calls of each handler, then one in 64; for a handler with a `timeout`, all calls.",
        |snapshot, samples| each(snapshot, samples, |it| seconds(it.events.mean_nanos)),
    ),
    gauge(
        "plugin_process_time_max_seconds",
        "Longest timed call of its handlers.",
        |snapshot, samples| each(snapshot, samples, |it| seconds(it.events.max_nanos)),
    ),
    gauge(
        "plugin_error_rate",
        "Errors for each received event, since the start of the process: 0 to 1. For alerts, the rates of the two counters are better.",
        |snapshot, samples| {
            for plugin in snapshot.plugins() {
                samples.put([plugin.name], plugin.error_rate);
            }
        },
    ),
    gauge(
        "plugin_queue_depth",
        "Events in its mailbox that are not handled yet.",
        |snapshot, samples| each(snapshot, samples, |it| it.queued),
    ),
    gauge(
        "plugin_queue_capacity",
        "Most events that can wait in its mailbox.",
        |snapshot, samples| each(snapshot, samples, |it| it.queue_capacity),
    ),
    Family::new(
        ("plugin_queue_wait_seconds", Kind::Histogram),
        PLUGIN,
        "How long events waited in its mailbox until their handler was called, measured for one event in 256.",
        |snapshot, samples| {
            for plugin in &snapshot.status.plugins {
                samples.times([plugin.name], &plugin.waits);
            }
        },
    ),
    gauge(
        "plugin_durable_unstored",
        "Events for its durable handlers that are accepted but not stored yet: they wait in memory for a commit or for room in the store.",
        |snapshot, samples| each(snapshot, samples, |it| it.unstored),
    ),
];
