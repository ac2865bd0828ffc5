//! A family of metrics: samples with one name.

use plugin_core::lifecycle::MetricsSnapshot;

use crate::samples::Samples;

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only increases, except when the process restarts.
    Counter,
    /// It increases and decreases.
    Gauge,
    /// Durations, counted in buckets.
    Histogram,
}

impl Kind {
    /// The word of the formats.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A family of metrics, and the source of its samples.
pub(crate) struct Family {
    /// Its name; for a counter, without the suffix `_total` of its samples.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) labels: &'static [&'static str],
    /// Its description.
    pub(crate) help: &'static str,
    /// Writes its samples.
    pub(crate) fill: Fill,
}

type Fill = fn(&MetricsSnapshot, &mut Samples<'_>);

/// The unit at the end of a name.
pub(crate) fn unit(name: &str) -> Option<&'static str> {
    let (_, last) = name.rsplit_once('_')?;
    ["seconds", "bytes"].into_iter().find(|unit| *unit == last)
}

impl Family {
    pub(crate) const fn new(
        (name, kind): (&'static str, Kind),
        labels: &'static [&'static str],
        help: &'static str,
        fill: Fill,
    ) -> Self {
        Self {
            name,
            kind,
            labels,
            help,
            fill,
        }
    }

    /// The name of its samples; for a histogram, without `_bucket`, `_sum` and `_count`.
    pub(crate) fn sample(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram => self.name.to_owned(),
        }
    }
}
