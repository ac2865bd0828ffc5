//! Sends the metrics to a collector at intervals, from a task of the plugin. If a request fails,
//! only the values of that moment are lost, because the next values contain everything that was
//! counted.

mod points;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use plugin_core::Counter;
use plugin_core::prelude::*;
use plugin_otlp::proto::collector::metrics::v1::ExportMetricsServiceRequest;
use plugin_otlp::proto::metrics::v1::{ResourceMetrics, ScopeMetrics};
use plugin_otlp::proto::resource::v1::Resource;
use plugin_otlp::{Collector, Signal};
use tokio::time::sleep;

use crate::config::OtlpConfig;
use crate::{catalogue, figures};
use points::Points;

/// Sends the metrics.
pub(crate) struct Exporter(Arc<Sender>);

struct Sender {
    system: System,
    collector: Collector,
    resource: Resource,
    interval: Duration,
    timeout: Duration,
    sent: Counter,
    failed: Counter,
    /// Whether the last request failed.
    fails: AtomicBool,
}

pub(crate) fn check(config: &OtlpConfig) -> Result<()> {
    collector(config).map(drop)
}

fn collector(config: &OtlpConfig) -> Result<Collector> {
    Collector::new(&config.endpoint, &config.headers, Signal::Metrics)
}

impl Exporter {
    pub(crate) fn new(config: &OtlpConfig, system: &System, meter: &Meter) -> Result<Self> {
        let count = |outcome| {
            let help = "Sendings of all figures to the collector: `taken` by it or `failed`.";
            let meter = meter.with("outcome", outcome);
            meter.counter("metrics_exports", help)
        };
        Ok(Self(Arc::new(Sender {
            system: system.clone(),
            collector: collector(config)?,
            resource: plugin_otlp::resource(config.service_name.as_deref()),
            interval: config.interval.get(),
            timeout: config.timeout.get(),
            sent: count("taken")?,
            failed: count("failed")?,
            fails: AtomicBool::new(false),
        })))
    }

    /// Begins to send, in a task that ends with the plugin.
    pub(crate) fn start(&self, tasks: &Tasks) -> Result<()> {
        let sender = Arc::clone(&self.0);
        tasks.spawn("exporter", sender.run(tasks.clone()))?;
        Ok(())
    }

    /// Degraded while requests to the collector fail.
    pub(crate) fn health(&self) -> Health {
        if self.0.fails.load(Relaxed) {
            return Health::Degraded("the collector takes no figures".to_owned());
        }
        Health::Healthy
    }
}

impl Sender {
    /// Sends in each interval, and once more when the plugin is asked to stop.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, nothing is sent any more.
    async fn run(self: Arc<Self>, tasks: Tasks) {
        while !tasks.is_cancelled() {
            tokio::select! {
                () = sleep(self.interval) => {}
                () = tasks.cancelled() => {}
            }
            self.send().await;
        }
    }

    async fn send(&self) {
        let Some(snapshot) = figures::with_stock(&self.system).await else {
            return;
        };
        let mut points = Points::of(&snapshot);
        catalogue::write(&snapshot, &mut points);
        let request = self.request(points);
        let error = match self.collector.send(&request, self.timeout).await {
            Ok(rejected) => {
                self.sent.add(1);
                if !rejected.reason.is_empty() {
                    let reason = rejected.reason.escape_debug();
                    let count = rejected.count;
                    tracing::warn!("the collector took all figures but {count}: {reason}");
                }
                if self.fails.swap(false, Relaxed) {
                    tracing::info!("the collector takes figures again");
                }
                return;
            }
            Err(error) => error,
        };
        self.failed.add(1);
        if !self.fails.swap(true, Relaxed) {
            tracing::warn!("the collector takes no figures: {error}");
        }
    }

    fn request(&self, points: Points) -> ExportMetricsServiceRequest {
        let version = env!("CARGO_PKG_VERSION");
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics: vec![ScopeMetrics {
                    scope: Some(plugin_otlp::scope(env!("CARGO_PKG_NAME"), version)),
                    metrics: points.finish(),
                    ..ScopeMetrics::default()
                }],
                ..ResourceMetrics::default()
            }],
        }
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").finish_non_exhaustive()
    }
}
