//! The present activity of the instances, which is sampled once a second, whether or not a client
//! asks for it.
//!
//! All values are from counters that the kernel keeps anyway, so sampling does not slow down the
//! instances. The stored data has a fixed size for each instance, and is removed with it.

pub(crate) mod series;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_core::Timestamp;
use plugin_core::event::HandlerReport;
use plugin_core::lifecycle::SystemStatus;
use plugin_core::prelude::{JsonSchema, System};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use series::{Look, Series, known};

/// Interval of the samples.
const STEP: Duration = Duration::from_secs(1);

/// The present activity of the instances, and their activity in the last hour.
#[derive(Debug)]
pub(crate) struct Live {
    system: System,
    state: Mutex<State>,
    /// The last sample.
    latest: watch::Sender<Latest>,
}

/// The last sample of all instances.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latest {
    /// Number of samples so far.
    pub(crate) tick: u64,
    /// The changes in this sample as JSON; `None` if there was no listener.
    pub(crate) text: Option<Arc<str>>,
}

#[derive(Debug)]
struct State {
    looked: Option<Instant>,
    series: HashMap<&'static str, Series>,
    handlers: HashMap<HandlerKey, HandlerSeries>,
}

/// A handler of an instance, with the topic or pattern that it subscribes to.
type HandlerKey = (&'static str, &'static str, String);

#[derive(Debug)]
struct HandlerSeries {
    last: [u64; 3],
    rates: [f32; 3],
    is_seen: bool,
}

/// The changes in one second.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Rates {
    /// The time of the sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// The instances that were active, or whose values changed.
    pub(crate) instances: Vec<InstanceRates>,
    /// The handlers that were active in this second or the previous one: the edges of the graph.
    pub(crate) handlers: Vec<HandlerRates>,
}

/// The activity of an instance in one second. Unknown values are `null`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct InstanceRates {
    /// Name of the instance.
    instance: &'static str,
    /// Events with which its handlers were called.
    #[serde(rename = "in")]
    received: Option<f32>,
    /// Events that it published.
    out: Option<f32>,
    /// Failed calls.
    errors: Option<f32>,
    /// Events that wait in its mailbox.
    queued: usize,
    /// Processors that it kept busy.
    cpu: Option<f32>,
    /// Bytes that it has allocated.
    memory: Option<u64>,
    /// Median duration of its timed calls in the last minute, in microseconds.
    p50_us: Option<f32>,
    /// 99th percentile of these durations.
    p99_us: Option<f32>,
}

/// The activity of a handler in one second.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct HandlerRates {
    /// Name of the instance.
    pub(crate) plugin: &'static str,
    /// Name of the handler.
    pub(crate) handler: &'static str,
    /// The topic or pattern that it subscribes to.
    pub(crate) topic: String,
    /// Events with which it was called.
    #[serde(rename = "in")]
    pub(crate) received: f32,
    /// Failed calls.
    pub(crate) errors: f32,
    /// Events that became dead letters.
    pub(crate) dead_lettered: f32,
}

impl Live {
    pub(crate) fn new(system: System) -> Self {
        Self {
            system,
            state: Mutex::new(State {
                looked: None,
                series: HashMap::new(),
                handlers: HashMap::new(),
            }),
            latest: watch::Sender::default(),
        }
    }

    /// Takes a sample once a second, and never returns.
    pub(crate) async fn run(&self) {
        let mut ticks = tokio::time::interval(STEP);
        // Missed samples are not made up for, because a rate is computed from the time that has
        // passed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look();
        }
    }

    /// Takes a sample.
    pub(crate) fn look(&self) {
        let (status, handlers) = (self.system.status(), self.system.handlers());
        let now = Instant::now();
        let rates = self.state().take(&status, &handlers, now);
        let listens = self.latest.receiver_count() > 0;
        let text = listens.then(|| serde_json::to_string(&rates).ok());
        self.latest.send_modify(|latest| {
            latest.tick += 1;
            latest.text = text.flatten().map(Arc::from);
        });
    }

    /// The last sample, and notifications of new ones.
    pub(crate) fn latest(&self) -> watch::Receiver<Latest> {
        self.latest.subscribe()
    }

    /// The rates of all instances, whether or not they changed.
    pub(crate) fn rates(&self) -> Rates {
        let instances = self.with(|series| {
            let rates = series.iter();
            let mut rates: Vec<_> = rates
                .filter_map(|(instance, series)| InstanceRates::of(instance, series))
                .collect();
            rates.sort_by_key(|rates| rates.instance);
            rates
        });
        Rates {
            at: Some(Timestamp::now()),
            instances,
            handlers: self.handlers(None),
        }
    }

    /// Calls `tell` with the stored data of an instance; `None` if there is none.
    pub(crate) fn of<T>(&self, instance: &str, tell: impl FnOnce(&Series) -> T) -> Option<T> {
        self.state().series.get(instance).map(tell)
    }

    /// Calls `tell` with the stored data of all instances.
    pub(crate) fn with<T>(&self, tell: impl FnOnce(&HashMap<&'static str, Series>) -> T) -> T {
        tell(&self.state().series)
    }

    /// The activity of the handlers of an instance, or of all, in the last second.
    pub(crate) fn handlers(&self, instance: Option<&str>) -> Vec<HandlerRates> {
        let state = self.state();
        let mut handlers: Vec<_> = (state.handlers.iter())
            .filter(|((plugin, ..), _)| instance.is_none_or(|instance| instance == *plugin))
            .map(|(key, series)| series.told(key))
            .collect();
        handlers.sort_by(|one, other| one.key().cmp(&other.key()));
        handlers
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, status: &SystemStatus, handlers: &[HandlerReport], now: Instant) -> Rates {
        let passed = self.looked.map_or(Duration::ZERO, |looked| now - looked);
        self.looked = Some(now);
        let plugins = &status.plugins;
        if self.series.len() > plugins.len() {
            let stays: Vec<_> = plugins.iter().map(|plugin| plugin.name).collect();
            self.series.retain(|name, _| stays.contains(name));
        }
        let mut instances = Vec::new();
        for plugin in plugins {
            let series = self.series.entry(plugin.name).or_insert_with(Series::new);
            let before = InstanceRates::of(plugin.name, series);
            series.take(Look::at(plugin), passed);
            let rates = InstanceRates::of(plugin.name, series);
            if before.as_ref() != rates.as_ref() {
                instances.extend(rates);
            }
        }
        Rates {
            at: Some(Timestamp::now()),
            instances,
            handlers: self.take_handlers(handlers, passed),
        }
    }

    fn take_handlers(&mut self, reports: &[HandlerReport], passed: Duration) -> Vec<HandlerRates> {
        let mut changed = Vec::new();
        for report in reports {
            let key = (report.plugin, report.handler, report.topic.clone());
            let now = [report.received, report.errors, report.dead_lettered];
            let series = self.handlers.entry(key).or_insert(HandlerSeries {
                last: now,
                rates: [0.0; 3],
                is_seen: true,
            });
            let before = series.rates;
            series.is_seen = true;
            for (at, rate) in series.rates.iter_mut().enumerate() {
                let more = now[at].saturating_sub(series.last[at]) as f64;
                *rate = match passed.is_zero() {
                    true => 0.0,
                    false => (more / passed.as_secs_f64()) as f32,
                };
            }
            series.last = now;
            if before != series.rates {
                let key = (report.plugin, report.handler, report.topic.clone());
                changed.push(series.told(&key));
            }
        }
        (self.handlers).retain(|_, series| std::mem::take(&mut series.is_seen));
        changed
    }
}

impl HandlerSeries {
    fn told(&self, (plugin, handler, topic): &HandlerKey) -> HandlerRates {
        let [received, errors, dead_lettered] = self.rates;
        HandlerRates {
            plugin,
            handler,
            topic: topic.clone(),
            received,
            errors,
            dead_lettered,
        }
    }
}

impl HandlerRates {
    fn key(&self) -> (&str, &str, &str) {
        (self.plugin, self.handler, &self.topic)
    }
}

impl InstanceRates {
    /// The activity of an instance in the last second; `None` before the second sample.
    pub(crate) fn of(instance: &'static str, series: &Series) -> Option<Self> {
        let sample = series.rates()?;
        let (p50_us, p99_us) = series.quantiles();
        Some(Self {
            instance,
            received: known(sample.received),
            out: known(sample.published),
            errors: known(sample.errors),
            queued: sample.queued as usize,
            cpu: known(sample.cpu),
            memory: known(sample.memory).map(|bytes| bytes as u64),
            p50_us: known(p50_us),
            p99_us: known(p99_us),
        })
    }
}
