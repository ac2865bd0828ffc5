//! The metrics that plugins record themselves with a `Meter`.

use std::collections::BTreeMap;

use plugin_core::lifecycle::MetricsSnapshot;
use plugin_core::{OwnMetric, OwnValue};

use crate::family::Kind;
use crate::samples::{FamilySink, Samples};

/// Writes these metrics. The help of a family is that of the first plugin that has it. A metric of
/// another kind with the same name is left out, because a name must have one meaning.
pub(super) fn write(snapshot: &MetricsSnapshot, sink: &mut impl FamilySink) {
    let mut families: BTreeMap<&'static str, Vec<(&str, &OwnMetric)>> = BTreeMap::new();
    for (plugin, figures) in &snapshot.own {
        for figure in figures {
            families
                .entry(figure.name)
                .or_default()
                .push((plugin, figure));
        }
    }
    for (name, figures) in families {
        let Some((_, first)) = figures.first() else {
            continue;
        };
        let kind = kind(first);
        sink.named((name, kind, first.help), &[], |samples| {
            for (plugin, figure) in figures.iter().filter(|(_, it)| self::kind(it) == kind) {
                put(samples, plugin, figure);
            }
        });
    }
}

fn kind(figure: &OwnMetric) -> Kind {
    match figure.value {
        OwnValue::Count(_) => Kind::Counter,
        OwnValue::Times(_) => Kind::Histogram,
        _ => Kind::Gauge,
    }
}

fn put(samples: &mut Samples<'_>, plugin: &str, figure: &OwnMetric) {
    let labels = figure
        .labels
        .iter()
        .map(|(label, value)| (*label, value.as_str()));
    let labels: Vec<_> = std::iter::once(("plugin", plugin)).chain(labels).collect();
    match &figure.value {
        OwnValue::Count(count) => samples.put_labelled(&labels, *count),
        OwnValue::Level(level) => samples.put_labelled(&labels, *level),
        OwnValue::Times(times) => samples.times_labelled(&labels, times),
        _ => {}
    }
}
