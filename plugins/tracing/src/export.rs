//! Sends spans to a collector, through a bounded queue and from a task, so that code that records a
//! span never waits.
//!
//! Invariants: a span is sent, or is lost and counted; no span is sent again after the collector
//! has accepted it; the stop waits no longer than `timeout` for the spans in the queue.

mod pump;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use plugin_core::Counter;
use plugin_core::prelude::*;
use plugin_otlp::{Collector, Signal};
use tokio::sync::mpsc;

use crate::config::OtlpConfig;
use crate::span::Span;
use pump::Pump;

/// The sender of spans.
pub(crate) struct Exporter {
    queue: mpsc::Sender<Span>,
    counts: Arc<ExportCounts>,
    /// Present until it has a task.
    pump: Mutex<Option<Pump>>,
}

/// The counters of spans.
struct ExportCounts {
    sent: Counter,
    /// The sum of the next two.
    lost: AtomicU64,
    overflown: Counter,
    refused: Counter,
    /// Whether the last request failed.
    fails: AtomicBool,
}

pub(crate) fn check(config: &OtlpConfig) -> Result<()> {
    collector(config).map(drop)
}

fn collector(config: &OtlpConfig) -> Result<Collector> {
    Collector::new(&config.endpoint, &config.headers, Signal::Traces)
}

impl Exporter {
    pub(crate) fn new(config: &OtlpConfig, meter: &Meter) -> Result<Self> {
        let counts = Arc::new(ExportCounts::new(meter)?);
        let (queue, spans) = mpsc::channel(config.queue);
        let pump = Pump::new(config, collector(config)?, spans, Arc::clone(&counts));
        Ok(Self {
            queue,
            counts,
            pump: Mutex::new(Some(pump)),
        })
    }

    /// Begins to send, in a task that ends with the plugin.
    pub(crate) fn start(&self, tasks: &Tasks) -> Result<()> {
        let pump = self.pump.lock().ok().and_then(|mut pump| pump.take());
        let pump = pump.ok_or_else(|| Error::bug("started twice"))?;
        tasks.spawn("exporter", pump.run(tasks.clone()))?;
        Ok(())
    }

    /// Adds a span if there is room; otherwise it is lost and counted.
    pub(crate) fn write(&self, span: Span) {
        if self.queue.try_send(span).is_err() {
            self.counts.lost.fetch_add(1, Relaxed);
            self.counts.overflown.add(1);
        }
    }

    /// Degraded while requests to the collector fail.
    pub(crate) fn health(&self) -> Health {
        if self.counts.fails.load(Relaxed) {
            let lost = self.counts.lost.load(Relaxed);
            return Health::Degraded(format!("the collector takes no spans; lost so far: {lost}"));
        }
        Health::Healthy
    }
}

impl ExportCounts {
    fn new(meter: &Meter) -> Result<Self> {
        let lost = |reason| {
            let help = "Spans that did not come to the collector: `overflow` had no room in the \
                        queue; `refused` were not taken.";
            let meter = meter.with("reason", reason);
            meter.counter("tracing_spans_dropped", help)
        };
        Ok(Self {
            sent: meter.counter("tracing_spans_sent", "Spans that the collector took.")?,
            lost: AtomicU64::new(0),
            overflown: lost("overflow")?,
            refused: lost("refused")?,
            fails: AtomicBool::new(false),
        })
    }

    fn refused(&self, spans: u64) {
        self.lost.fetch_add(spans, Relaxed);
        self.refused.add(spans);
    }
}

impl fmt::Debug for Exporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter")
            .field("lost", &self.counts.lost)
            .finish_non_exhaustive()
    }
}
