//! What the instances do now: looked at once a second, whether or not somebody asks.
//!
//! Everything comes from counts that the kernel keeps anyway, so a look costs those who work nothing.
//! What is kept has a fixed size for each instance and goes with it.

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

/// How often is looked.
const STEP: Duration = Duration::from_secs(1);

/// What the instances do now, and what they did in the last hour.
#[derive(Debug)]
pub(crate) struct Live {
    system: System,
    state: Mutex<State>,
    /// The last look.
    latest: watch::Sender<Latest>,
}

/// The last look at the instances.
#[derive(Debug, Clone, Default)]
pub(crate) struct Latest {
    /// How many looks there were.
    pub(crate) tick: u64,
    /// What changed by it, as JSON; nothing, if nobody listened then.
    pub(crate) text: Option<Arc<str>>,
}

#[derive(Debug)]
struct State {
    looked: Option<Instant>,
    series: HashMap<&'static str, Series>,
    handlers: HashMap<HandlerKey, HandlerSeries>,
}

/// A handler of an instance, and the topic or pattern that it listens to.
type HandlerKey = (&'static str, &'static str, String);

#[derive(Debug)]
struct HandlerSeries {
    last: [u64; 3],
    rates: [f32; 3],
    is_seen: bool,
}

/// What changed in a second.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Rates {
    /// When it was looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
    /// The instances that did something or hold something else than before.
    pub(crate) instances: Vec<InstanceRates>,
    /// The handlers that did something, in this second or the one before: the edges of the graph.
    pub(crate) handlers: Vec<HandlerRates>,
}

/// What an instance did in a second. What is not known is `null`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct InstanceRates {
    /// Name of the instance.
    instance: &'static str,
    /// Events that its handlers were called with.
    #[serde(rename = "in")]
    received: Option<f32>,
    /// Events that it published.
    out: Option<f32>,
    /// Calls that failed.
    errors: Option<f32>,
    /// Events that wait in its mailbox.
    queued: usize,
    /// Processors that it kept busy.
    cpu: Option<f32>,
    /// Bytes that it has allocated.
    memory: Option<u64>,
    /// Median time of its calls of the last minute, of those that were timed, in microseconds.
    p50_us: Option<f32>,
    /// 99th percentile of the same.
    p99_us: Option<f32>,
}

/// What a handler did in a second.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct HandlerRates {
    /// Name of the instance.
    pub(crate) plugin: &'static str,
    /// Name of the handler.
    pub(crate) handler: &'static str,
    /// Topic or pattern that it listens to.
    pub(crate) topic: String,
    /// Events that it was called with.
    #[serde(rename = "in")]
    pub(crate) received: f32,
    /// Calls that failed.
    pub(crate) errors: f32,
    /// Events that went to the dead letters.
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

    /// Looks once a second, for ever.
    pub(crate) async fn run(&self) {
        let mut ticks = tokio::time::interval(STEP);
        // Looks that were missed are not made up for: a rate is of the time that passed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look();
        }
    }

    /// Looks once.
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

    /// The last look, and those to come.
    pub(crate) fn latest(&self) -> watch::Receiver<Latest> {
        self.latest.subscribe()
    }

    /// The rates of all, whether or not they changed.
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

    /// Tells of an instance what is kept of it; `None` if nothing is.
    pub(crate) fn of<T>(&self, instance: &str, tell: impl FnOnce(&Series) -> T) -> Option<T> {
        self.state().series.get(instance).map(tell)
    }

    /// Tells of several instances, with one look at what is kept.
    pub(crate) fn with<T>(&self, tell: impl FnOnce(&HashMap<&'static str, Series>) -> T) -> T {
        tell(&self.state().series)
    }

    /// What the handlers of an instance, or of all, did in the last second.
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
    /// What an instance did in the last second; `None` before the second look.
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
