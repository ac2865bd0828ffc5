//! The metrics in the form of OTLP, with the same names as in the text formats.

use std::time::SystemTime;

use plugin_core::Distribution;
use plugin_core::lifecycle::MetricsSnapshot;
use plugin_otlp::proto::common::v1::KeyValue;
use plugin_otlp::proto::common::v1::any_value::Value as AnyValue;
use plugin_otlp::proto::metrics::v1::metric::Data;
use plugin_otlp::proto::metrics::v1::number_data_point::Value as Number;
use plugin_otlp::proto::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, Sum,
};
use plugin_otlp::{attribute, nanos};

use crate::family::{Kind, unit};
use crate::samples::{FamilySink, SampleSink, Samples, Value};

/// Collects all metrics.
pub(crate) struct Points {
    metrics: Vec<Metric>,
    /// The time since when counters count.
    start: u64,
    now: u64,
}

impl Points {
    /// Begins without metrics, at the time of a snapshot.
    pub(crate) fn of(snapshot: &MetricsSnapshot) -> Self {
        Self {
            metrics: Vec::new(),
            start: snapshot.process.started.map_or(0, nanos),
            now: nanos(SystemTime::now()),
        }
    }

    pub(crate) fn finish(self) -> Vec<Metric> {
        self.metrics
    }
}

impl FamilySink for Points {
    fn named(
        &mut self,
        (name, kind, help): (&'static str, Kind, &str),
        labels: &'static [&'static str],
        fill: impl FnOnce(&mut Samples<'_>),
    ) {
        let mut points = FamilyPoints {
            start: if kind == Kind::Gauge { 0 } else { self.start },
            now: self.now,
            numbers: Vec::new(),
            times: Vec::new(),
        };
        fill(&mut Samples::new(&mut points, labels));
        if points.numbers.is_empty() && points.times.is_empty() {
            return;
        }
        let total = if kind == Kind::Counter { "_total" } else { "" };
        self.metrics.push(Metric {
            name: format!("{name}{total}"),
            description: help.to_owned(),
            unit: unit(name).map_or_else(String::new, |unit| ucum(unit).to_owned()),
            data: Some(points.finish(kind)),
            ..Metric::default()
        });
    }
}

/// The symbol of a unit in the Unified Code for Units of Measure.
fn ucum(unit: &str) -> &str {
    match unit {
        "seconds" => "s",
        "bytes" => "By",
        other => other,
    }
}

struct FamilyPoints {
    start: u64,
    now: u64,
    numbers: Vec<NumberDataPoint>,
    times: Vec<HistogramDataPoint>,
}

impl FamilyPoints {
    fn finish(self, kind: Kind) -> Data {
        let aggregation_temporality = AggregationTemporality::Cumulative.into();
        match kind {
            Kind::Gauge => Data::Gauge(Gauge {
                data_points: self.numbers,
            }),
            Kind::Counter => Data::Sum(Sum {
                data_points: self.numbers,
                aggregation_temporality,
                is_monotonic: true,
            }),
            Kind::Histogram => Data::Histogram(Histogram {
                data_points: self.times,
                aggregation_temporality,
            }),
        }
    }
}

impl SampleSink for FamilyPoints {
    fn number(&mut self, labels: &[(&str, &str)], value: Value) {
        self.numbers.push(NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            value: Some(match value {
                Value::Whole(number) => {
                    i64::try_from(number).map_or(Number::AsInt(i64::MAX), Number::AsInt)
                }
                Value::Real(number) => Number::AsDouble(number),
            }),
            ..NumberDataPoint::default()
        });
    }

    fn times(&mut self, labels: &[(&str, &str)], times: &Distribution) {
        self.times.push(HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            count: times.count(),
            sum: Some(times.sum().as_secs_f64()),
            bucket_counts: times.counts().to_vec(),
            explicit_bounds: Distribution::bounds()
                .map(|bound| bound.as_secs_f64())
                .collect(),
            ..HistogramDataPoint::default()
        });
    }
}

fn attributes(labels: &[(&str, &str)]) -> Vec<KeyValue> {
    let text =
        |(key, value): &(&str, &str)| attribute(key, AnyValue::StringValue((*value).to_owned()));
    labels.iter().map(text).collect()
}
