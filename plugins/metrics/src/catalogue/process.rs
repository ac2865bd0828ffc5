//! The metrics of the process, with the names that Prometheus' client libraries use.

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

/// The only sample of a family, if the system reports the value.
fn known<V: Into<crate::samples::Value>>(samples: &mut Samples<'_>, value: Option<V>) {
    if let Some(value) = value {
        samples.put([], value);
    }
}

pub(super) const FAMILIES: &[Family] = &[
    Family::new(
        ("process_cpu_seconds", Kind::Counter),
        &[],
        "Processor time that the process has used.",
        |snapshot, samples| {
            known(
                samples,
                snapshot.status.process.cpu.map(|cpu| cpu.as_secs_f64()),
            )
        },
    ),
    gauge(
        "process_resident_memory_bytes",
        "Resident memory of the process.",
        |snapshot, samples| known(samples, snapshot.status.process.memory),
    ),
    gauge(
        "process_threads",
        "Threads of the process.",
        |snapshot, samples| known(samples, snapshot.process.threads),
    ),
    gauge(
        "process_open_fds",
        "Open file handles.",
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
