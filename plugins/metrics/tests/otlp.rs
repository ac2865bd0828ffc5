//! Figures that go to a collector, which decodes what it gets; and collectors that take nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../../otlp/receiver/receiver.rs"]
mod receiver;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use plugin_metrics::Metrics;
use plugin_otlp::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use plugin_otlp::proto::common::v1::KeyValue;
use plugin_otlp::proto::common::v1::any_value::Value;
use plugin_otlp::proto::metrics::v1::Metric;
use plugin_otlp::proto::metrics::v1::metric::Data;
use plugin_otlp::proto::metrics::v1::number_data_point::Value as Number;
use receiver::{Answer, Arrived, Receiver};
use serde_json::json;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[event("counted.call")]
struct Call {
    number: u32,
}

/// Hears calls.
#[derive(Debug)]
struct Hearer;

/// Hears calls.
#[plugin(name = "hearer")]
impl Hearer {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn hear(&self, call: &Call) {
        std::hint::black_box(call.number);
    }
}

struct Site {
    running: Running,
    _data: tempfile::TempDir,
}

impl Site {
    async fn to(receiver: &Receiver, interval: &str) -> Self {
        let otlp = json!({
            "endpoint": format!("http://{}", receiver.address),
            "service_name": "shop",
            "interval": interval,
            "timeout": "1s",
        });
        let data = tempfile::tempdir().unwrap();
        let plugins = [Metrics::DESCRIPTOR, Hearer::DESCRIPTOR];
        let sources = Sources::new()
            .set(["metrics-plugin", "config", "otlp"], otlp)
            .data_dir(data.path());
        let set = Composition::assemble(&plugins).unwrap();
        let configured = Manager::builder(&set).sources(sources).configure().unwrap();
        Self {
            running: configured.start().await.unwrap(),
            _data: data,
        }
    }

    async fn call(&self) {
        let publisher = self.running.publisher::<Call>();
        publisher.publish(Call { number: 1 }).await.unwrap();
        self.running.idle().await;
    }
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let text = |it: &KeyValue| match it.value.clone().unwrap().value.unwrap() {
        Value::StringValue(text) => text,
        other => format!("{other:?}"),
    };
    attributes
        .iter()
        .map(|it| (it.key.as_str(), text(it)))
        .collect()
}

/// The figures of a request, by name.
fn metrics(arrived: &Arrived) -> BTreeMap<String, Metric> {
    assert!(arrived.head.starts_with("post /v1/metrics http/1.1\r\n"));
    let request: ExportMetricsServiceRequest = arrived.decode();
    let [resource] = request.resource_metrics.try_into().unwrap();
    let told = resource.resource.unwrap().attributes;
    assert_eq!(attributes(&told)["service.name"], "shop");
    let metrics = resource
        .scope_metrics
        .into_iter()
        .flat_map(|scope| scope.metrics);
    metrics
        .map(|metric| (metric.name.clone(), metric))
        .collect()
}

/// Of a figure that counts, the number of an instance.
fn count(metric: &Metric, plugin: &str) -> i64 {
    let Some(Data::Sum(sum)) = &metric.data else {
        panic!("{metric:?}");
    };
    assert!(sum.is_monotonic);
    assert_eq!(sum.aggregation_temporality, 2, "since the start");
    let mut points = sum.data_points.iter();
    let point = points.find(|point| attributes(&point.attributes)["plugin"] == plugin);
    let point = point.unwrap();
    assert!(point.start_time_unix_nano > 0);
    assert!(point.start_time_unix_nano <= point.time_unix_nano);
    match point.value.unwrap() {
        Number::AsInt(count) => count,
        other @ Number::AsDouble(_) => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_a_collector_gets_the_documented_figures() {
    let receiver = Receiver::begin([Answer::ok()]);
    let site = Site::to(&receiver, "5ms").await;
    site.call().await;
    // What was made before the call is on its way yet.
    let metrics = loop {
        let metrics = metrics(&receiver.next());
        if count(&metrics["plugin_events_received_total"], "hearer") == 1 {
            break metrics;
        }
    };
    assert!(site.running.stop().await.is_clean());

    let uptime = &metrics["plugin_uptime_seconds"];
    assert!(matches!(uptime.data, Some(Data::Gauge(_))), "{uptime:?}");
    assert_eq!(uptime.unit, "s");
    assert_eq!(metrics["process_resident_memory_bytes"].unit, "By");
    let Some(Data::Histogram(waits)) = &metrics["plugin_handler_duration_seconds"].data else {
        panic!("{metrics:?}");
    };
    let [times] = waits.data_points.as_slice() else {
        panic!("{waits:?}");
    };
    assert_eq!(attributes(&times.attributes)["handler"], "hear");
    assert_eq!((times.count, times.bucket_counts.iter().sum()), (1, 1));
    assert_eq!(times.bucket_counts.len(), times.explicit_bounds.len() + 1);
    assert_eq!(times.explicit_bounds[0], 1e-6);

    // All names and texts are those of the documentation.
    let docs = include_str!("../../../docs/metrics.md");
    for (name, metric) in &metrics {
        if name.starts_with("metrics_exports") {
            continue;
        }
        let row = docs
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("`{name}` is not in docs/metrics.md"));
        assert!(row.contains(&metric.description), "{row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_the_last_figures_are_sent_at_the_stop() {
    let receiver = Receiver::begin([Answer::ok()]);
    let site = Site::to(&receiver, "1h").await;
    site.call().await;
    assert!(site.running.stop().await.is_clean());
    let [last] = receiver.rest().try_into().unwrap();
    let metrics = metrics(&last);
    assert_eq!(count(&metrics["plugin_events_received_total"], "hearer"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_figures_go_on_after_a_collector_was_busy() {
    let busy = Answer::Status(503, "", Vec::new());
    let receiver = Receiver::begin([busy, Answer::ok()]);
    let site = Site::to(&receiver, "1ms").await;
    let attempts: Vec<_> = (0..4).map(|_| receiver.next()).collect();
    let exports = metrics(&attempts[3]);
    let Some(Data::Sum(exports)) = &exports["metrics_exports_total"].data else {
        panic!("{exports:?}");
    };
    let counts = exports.data_points.iter().map(|point| {
        let outcome = attributes(&point.attributes)["outcome"].clone();
        (outcome, point.value.unwrap())
    });
    let counts: BTreeMap<_, _> = counts.collect();
    assert_eq!(counts["failed"], Number::AsInt(1));
    assert_eq!(counts["taken"], Number::AsInt(2));
    assert!(site.running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_a_dead_collector_does_not_hold_up_a_stop() {
    let receiver = Receiver::begin([Answer::Never]);
    let site = Site::to(&receiver, "1ms").await;
    receiver.next();
    site.call().await;
    let began = Instant::now();
    assert!(site.running.stop().await.is_clean());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}
