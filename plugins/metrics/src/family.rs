//! A family of metrics: samples of one name.

use plugin_core::lifecycle::MetricsSnapshot;

use crate::samples::Samples;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It only grows, but for a restart of the process.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Times, counted in buckets.
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

/// A family of metrics, and where its samples come from.
pub(crate) struct Family {
    /// Its name, of a counter without the `_total` that its samples end with.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) labels: &'static [&'static str],
    /// What it tells.
    pub(crate) help: &'static str,
    /// Writes its samples.
    pub(crate) fill: Fill,
}

type Fill = fn(&MetricsSnapshot, &mut Samples<'_>);

/// The unit that a name ends with.
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

    /// The name of its samples; of a histogram, without `_bucket`, `_sum` and `_count`.
    pub(crate) fn sample(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram => self.name.to_owned(),
        }
    }
}
