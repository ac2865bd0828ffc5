//! The metrics of the events that a store keeps for durable handlers.

use std::time::SystemTime;

use plugin_core::event::store::Stock;
use plugin_core::lifecycle::MetricsSnapshot;

use crate::family::{Family, Kind};
use crate::samples::{Samples, Value};

const HANDLER: &[&str] = &["plugin", "handler", "topic"];

const fn gauge(
    name: &'static str,
    help: &'static str,
    fill: fn(&MetricsSnapshot, &mut Samples<'_>),
) -> Family {
    Family::new((name, Kind::Gauge), HANDLER, help, fill)
}

fn each<V: Into<Value>>(
    snapshot: &MetricsSnapshot,
    samples: &mut Samples<'_>,
    value: impl Fn(&Stock) -> V,
) {
    for stock in &snapshot.stock {
        let name = &stock.subscription;
        samples.put([&name.plugin, &name.handler, &name.topic], value(stock));
    }
}

pub(super) const FAMILIES: &[Family] = &[
    gauge(
        "plugin_durable_pending",
        "Events in the store that are not handled yet. These five metrics are absent if the store does not answer within a second.",
        |snapshot, samples| each(snapshot, samples, |it| it.pending),
    ),
    gauge(
        "plugin_durable_pending_bytes",
        "Bytes of their data.",
        |snapshot, samples| each(snapshot, samples, |it| it.bytes),
    ),
    gauge(
        "plugin_durable_oldest_age_seconds",
        "Time since the oldest of them was published; 0 if there is none.",
        |snapshot, samples| {
            let now = SystemTime::now();
            each(snapshot, samples, |it| {
                let age = it.oldest.and_then(|oldest| now.duration_since(oldest).ok());
                age.unwrap_or_default().as_secs_f64()
            });
        },
    ),
    gauge(
        "plugin_durable_dead_letters",
        "Dead letters of the handler in the store.",
        |snapshot, samples| each(snapshot, samples, |it| it.dead),
    ),
    Family::new(
        ("plugin_durable_dropped", Kind::Counter),
        HANDLER,
        "Events that were dropped for newer ones in a full store, since its file was created.",
        |snapshot, samples| each(snapshot, samples, |it| it.dropped),
    ),
];
