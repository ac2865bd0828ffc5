//! What is told of the process, by the names that Prometheus' clients have for it.

use std::time::UNIX_EPOCH;

use plugin_core::lifecycle::MetricsSnapshot;

use crate::family::{Family, Kind};
use crate::samples::Samples;

const fn gauge(
    name: &'static str,
    help: &'static str,
    fill: fn(&MetricsSnapshot, &mut Samples<'_>),
) -> Family {
    Family::new((name, Kind::Gauge), &[], help, fill)
}

/// The one sample of a family, if the system tells it.
fn known<V: Into<crate::samples::Value>>(samples: &mut Samples<'_>, value: Option<V>) {
    if let Some(value) = value {
        samples.put([], value);
    }
}

pub(super) const FAMILIES: &[Family] = &[
    Family::new(
        ("process_cpu_seconds", Kind::Counter),
        &[],
        "Processor time that the process has taken.",
        |snapshot, samples| {
            known(
                samples,
                snapshot.status.process.cpu.map(|cpu| cpu.as_secs_f64()),
            )
        },
    ),
    gauge(
        "process_resident_memory_bytes",
        "Memory of the process that is resident.",
        |snapshot, samples| known(samples, snapshot.status.process.memory),
    ),
    gauge(
        "process_threads",
        "Threads of the process.",
        |snapshot, samples| known(samples, snapshot.process.threads),
    ),
    gauge(
        "process_open_fds",
        "File handles that are open.",
        |snapshot, samples| known(samples, snapshot.status.process.open_files),
    ),
    gauge(
        "process_max_fds",
        "Most file handles that may be open.",
        |snapshot, samples| known(samples, snapshot.process.max_files),
    ),
    gauge(
        "process_start_time_seconds",
        "When the process was started, in seconds since 1970.",
        |snapshot, samples| {
            let started = snapshot.process.started;
            let since = started.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
            known(samples, since.map(|since| since.as_secs_f64()));
        },
    ),
];
