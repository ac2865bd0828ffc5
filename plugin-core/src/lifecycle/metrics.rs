//! The counters of the system as one value, from which metrics are made.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::kernel::Kernel;
use super::reloads::ReloadCounts;
use super::state::State;
use super::status::{PluginStatus, SystemStatus};
use crate::event::HandlerReport;
use crate::event::store::Stock;
use crate::meter::OwnMetric;
use crate::process::ProcessFigures;
use crate::schedule::ScheduleStatus;

/// The counters of the system at one moment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// The state of each plugin and of the whole system.
    pub status: SystemStatus,
    /// The values of the whole system.
    pub system: SystemMetrics,
    /// The metrics that instances record themselves, with the names of the instances.
    pub own: Vec<(&'static str, Vec<OwnMetric>)>,
    /// The events that are stored for durable handlers. They are not filled in, because that
    /// requires a query to the store: see [`System::stock`](super::System::stock).
    pub stock: Vec<Stock>,
    /// The counters of every handler.
    pub handlers: Vec<HandlerReport>,
    /// The status of every schedule.
    pub schedules: Vec<ScheduleStatus>,
    /// The number of reloads, by result.
    pub reloads: ReloadCounts,
    /// The number of the generation of the applied config, if it was kept.
    pub config_generation: Option<u64>,
    /// The figures of the process that only metrics show.
    pub process: ProcessFigures,
}

impl MetricsSnapshot {
    /// The values of each instance, in start order.
    pub fn plugins(&self) -> impl Iterator<Item = PluginMetrics> {
        self.status.plugins.iter().map(PluginMetrics::of)
    }
}

/// The values of one instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PluginMetrics {
    /// Name of the instance.
    pub name: &'static str,
    /// `running`; `error` if it has failed; otherwise `stopped`.
    pub status: &'static str,
    /// How long it has been running, in nanoseconds; 0 if it does not run.
    #[serde(serialize_with = "nanos")]
    pub uptime: Duration,
    /// How often it was restarted.
    pub restart_count: u32,
    /// Memory that its code has allocated and that is not freed yet, in MB; absent if no allocator
    /// counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_usage: Option<u64>,
    /// Processor time in percent of one processor, between the last two health checks.
    pub cpu_usage: f64,
    /// Number of its running tasks.
    pub goroutine_count: usize,
    /// Number of events with which its handlers were called.
    pub events_received: u64,
    /// Number of events that it published.
    pub events_published: u64,
    /// Number of calls of its handlers that failed.
    pub event_errors: u64,
    /// Mean time that its handlers took for an event, in nanoseconds. Not every call is timed.
    #[serde(serialize_with = "nanos")]
    pub avg_process_time: Duration,
    /// Longest timed call of a handler, in nanoseconds.
    #[serde(serialize_with = "nanos")]
    pub max_process_time: Duration,
    /// Number of errors for each received event; 0 if no event was received.
    pub error_rate: f64,
}

impl PluginMetrics {
    /// The values of an instance with this status.
    #[must_use]
    pub fn of(status: &PluginStatus) -> Self {
        let events = &status.events;
        let is_running = status.state == State::Running;
        Self {
            name: status.name,
            status: match status.state {
                State::Running => "running",
                State::Failed => "error",
                _ => "stopped",
            },
            uptime: if is_running {
                status.in_state
            } else {
                Duration::ZERO
            },
            restart_count: status.restarts,
            memory_usage: status.memory.map(|bytes| bytes / 1_000_000),
            cpu_usage: status.cpu_share * 100.0,
            goroutine_count: status.tasks,
            events_received: events.received,
            events_published: events.published,
            event_errors: events.errors,
            avg_process_time: Duration::from_nanos(events.mean_nanos),
            max_process_time: Duration::from_nanos(events.max_nanos),
            error_rate: match events.received {
                0 => 0.0,
                received => events.errors as f64 / received as f64,
            },
        }
    }
}

/// The values of the whole system.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SystemMetrics {
    /// Number of instances under management.
    pub total_plugins: usize,
    /// Number of instances that run.
    pub running_plugins: usize,
    /// Number of instances that have failed.
    pub failed_plugins: usize,
    /// Number of events that are accepted and not handled yet.
    pub event_queue_size: usize,
    /// Number of events that were published in one second: the mean since the previous query, which
    /// has to be at least one second ago.
    pub event_throughput: u64,
    /// Resident memory of the process, in MB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_memory_usage: Option<u64>,
    /// Processor time of the process in percent of one processor, measured like the throughput.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_cpu_usage: Option<f64>,
    /// Number of plugins that conflict with each other: always 0, because such a set can't be
    /// built.
    pub dependency_conflicts: usize,
    /// Number of plugins that need each other in a circle: always 0, because such a set can't be
    /// built.
    pub circular_dependencies: usize,
}

/// Counters, and how much they have grown in one second.
#[derive(Debug)]
pub(super) struct Rates(Mutex<RateSample>);

#[derive(Debug, Clone, Copy)]
struct RateSample {
    at: Instant,
    published: u64,
    cpu: Duration,
    throughput: f64,
    cpu_share: f64,
}

/// Two queries within this time give the same rates.
const CLOSE: Duration = Duration::from_secs(1);

impl Rates {
    pub(super) fn begin() -> Self {
        Self(Mutex::new(RateSample {
            at: Instant::now(),
            published: 0,
            cpu: Duration::ZERO,
            throughput: 0.0,
            cpu_share: 0.0,
        }))
    }

    /// Events in one second, and the used share of a processor's time.
    fn look(&self, published: u64, cpu: Duration) -> (f64, f64) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let passed = now - last.at;
        if passed >= CLOSE {
            // The counters of an instance that was removed are not included any more.
            let events = published.saturating_sub(last.published) as f64;
            let taken = cpu.saturating_sub(last.cpu);
            *last = RateSample {
                at: now,
                published,
                cpu,
                throughput: events / passed.as_secs_f64(),
                cpu_share: taken.as_secs_f64() / passed.as_secs_f64(),
            };
        }
        (last.throughput, last.cpu_share)
    }
}

impl Kernel {
    fn own_metrics(&self) -> Vec<(&'static str, Vec<OwnMetric>)> {
        let instances = self.instances();
        let own = instances.iter().filter_map(|instance| {
            let identity = &instance.setup().identity;
            let figures = instance.figures.read(identity);
            (!figures.is_empty()).then(|| (identity.name(), figures))
        });
        own.collect()
    }

    /// The counters of the system so far.
    pub(super) fn metrics(&self) -> MetricsSnapshot {
        let status = self.status();
        let process = &status.process;
        let plugins = status.plugins.iter();
        let published: u64 = plugins.map(|plugin| plugin.events.published).sum();
        let published = published + self.host.events().published;
        let (throughput, cpu_share) = (self.rates).look(published, process.cpu.unwrap_or_default());
        let count = |state| {
            let plugins = status.plugins.iter();
            plugins.filter(|plugin| plugin.state == state).count()
        };
        MetricsSnapshot {
            system: SystemMetrics {
                total_plugins: status.plugins.len(),
                running_plugins: count(State::Running),
                failed_plugins: count(State::Failed),
                event_queue_size: status.backlog,
                event_throughput: throughput.round() as u64,
                total_memory_usage: process.memory.map(|bytes| bytes / 1_000_000),
                total_cpu_usage: process.cpu.map(|_| cpu_share * 100.0),
                dependency_conflicts: 0,
                circular_dependencies: 0,
            },
            own: self.own_metrics(),
            stock: Vec::new(),
            handlers: self.bus.handlers(),
            schedules: self.schedules(),
            reloads: self.reloads.counts(),
            config_generation: self.reloads.generation(),
            process: ProcessFigures::now(),
            status,
        }
    }
}

fn nanos<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_the_mean_since_a_look_that_is_not_close() {
        let rates = Rates::begin();
        assert_eq!(rates.look(5, Duration::ZERO), (0.0, 0.0));
        tokio::time::advance(Duration::from_secs(2)).await;
        let half = (50.0, 0.5);
        assert_eq!(rates.look(100, Duration::from_secs(1)), half);
        assert_eq!(
            rates.look(9_000, Duration::from_secs(1)),
            half,
            "at once again"
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        let idle = rates.look(90, Duration::from_secs(1));
        assert_eq!(idle, (0.0, 0.0), "an instance has gone");
    }
}
