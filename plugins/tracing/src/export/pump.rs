//! The task that sends the spans in the queue.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use plugin_core::ErrorKind;
use plugin_core::prelude::*;
use plugin_otlp::proto::collector::trace::v1::ExportTraceServiceRequest;
use plugin_otlp::proto::resource::v1::Resource;
use plugin_otlp::proto::trace::v1::{ResourceSpans, ScopeSpans};
use plugin_otlp::{Collector, Rejected};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::ExportCounts;
use crate::config::OtlpConfig;
use crate::span::Span;

/// Most spans that are sent together.
const BATCH: usize = 512;

/// Number of attempts to send spans if the collector is temporarily unavailable.
const ATTEMPTS: u32 = 5;

/// The first pause before another attempt; each further pause is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, which also limits the pauses that the collector asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Sends what is in the queue.
pub(super) struct Pump {
    spans: mpsc::Receiver<Span>,
    collector: Collector,
    resource: Resource,
    interval: Duration,
    timeout: Duration,
    counts: Arc<ExportCounts>,
    /// Number of lost spans that were reported.
    told: u64,
    /// When a stop has waited long enough.
    end: Option<Instant>,
}

impl Pump {
    pub(super) fn new(
        config: &OtlpConfig,
        collector: Collector,
        spans: mpsc::Receiver<Span>,
        counts: Arc<ExportCounts>,
    ) -> Self {
        Self {
            spans,
            collector,
            resource: plugin_otlp::resource(config.service_name.as_deref()),
            interval: config.interval.get(),
            timeout: config.timeout.get(),
            counts,
            told: 0,
            end: None,
        }
    }

    /// Sends until the plugin is asked to stop, and then sends the spans in the queue.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the spans in the queue are lost.
    pub(super) async fn run(mut self, tasks: Tasks) {
        loop {
            let batch = self.gather(&tasks).await;
            if batch.is_empty() {
                break;
            }
            self.deliver(batch, &tasks).await;
        }
        self.tell_lost();
    }

    /// The next spans: as many as are sent together, or those of an interval; after the plugin was
    /// asked to stop, those in the queue.
    async fn gather(&mut self, tasks: &Tasks) -> Vec<Span> {
        let mut batch = Vec::new();
        let mut stop = std::pin::pin!(tasks.cancelled());
        let mut due = std::pin::pin!(sleep(self.interval));
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            let is_first = batch.is_empty();
            let may_stop = !self.spans.is_closed();
            let taken = tokio::select! {
                biased;
                taken = self.spans.recv_many(&mut batch, room) => taken,
                () = &mut due, if !is_first => 0,
                () = &mut stop, if may_stop => {
                    self.spans.close();
                    continue;
                }
            };
            if taken == 0 {
                break;
            }
            if is_first {
                due.as_mut().reset(Instant::now() + self.interval);
            }
        }
        batch
    }

    /// Sends spans until the collector has accepted or refused them, or until the attempts are used
    /// up. After the plugin was asked to stop, there is one more attempt.
    async fn deliver(&mut self, batch: Vec<Span>, tasks: &Tasks) {
        let count = batch.len() as u64;
        let request = self.request(batch);
        let mut pause = PAUSE;
        for attempt in 1.. {
            let is_last = attempt == ATTEMPTS || tasks.is_cancelled();
            let within = self.within(tasks);
            let error = match self.collector.send(&request, within).await {
                Ok(rejected) => return self.taken(count, &rejected),
                Err(error) => error,
            };
            self.failed(&error);
            let may_pass = error.kind() == ErrorKind::External { retriable: true };
            if is_last || !may_pass {
                return self.counts.refused(count);
            }
            let asked = error.retry_after().unwrap_or(pause).min(LONGEST_PAUSE);
            tokio::select! {
                () = sleep(asked) => {}
                () = tasks.cancelled() => {}
            }
            pause *= 2;
        }
    }

    /// The time limit of a request.
    fn within(&mut self, tasks: &Tasks) -> Duration {
        if !tasks.is_cancelled() {
            return self.timeout;
        }
        let now = Instant::now();
        let end = *self.end.get_or_insert(now + self.timeout);
        // Zero would mean no limit.
        (end - now).max(Duration::from_millis(1))
    }

    fn request(&self, batch: Vec<Span>) -> ExportTraceServiceRequest {
        let version = env!("CARGO_PKG_VERSION");
        ExportTraceServiceRequest {
            resource_spans: vec![ResourceSpans {
                resource: Some(self.resource.clone()),
                scope_spans: vec![ScopeSpans {
                    scope: Some(plugin_otlp::scope(env!("CARGO_PKG_NAME"), version)),
                    spans: batch.into_iter().map(Into::into).collect(),
                    ..ScopeSpans::default()
                }],
                ..ResourceSpans::default()
            }],
        }
    }

    fn taken(&mut self, count: u64, rejected: &Rejected) {
        let rejected_count = rejected.count.min(count);
        self.counts.sent.add(count - rejected_count);
        self.counts.refused(rejected_count);
        if !rejected.reason.is_empty() {
            let reason = rejected.reason.escape_debug();
            tracing::warn!("the collector took {count} spans but {rejected_count}: {reason}");
        }
        if self.counts.fails.swap(false, Relaxed) {
            tracing::info!("the collector takes spans again");
        }
        self.tell_lost();
    }

    fn failed(&self, error: &Error) {
        if !self.counts.fails.swap(true, Relaxed) {
            tracing::warn!("the collector takes no spans: {error}");
        }
    }

    fn tell_lost(&mut self) {
        let lost = self.counts.lost.load(Relaxed);
        if lost > self.told {
            tracing::warn!(
                "spans that did not come to the collector: {}",
                lost - self.told
            );
            self.told = lost;
        }
    }
}
