//! What config says of a plugin's declared handlers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::issue::{Issue, IssueKind};
use super::plugin::PluginConfig;
use super::report::Report;
use super::settings::PluginSettings;
use crate::compose::Composition;
use crate::descriptor::Descriptor;
use crate::event::Subscription;
use crate::options::{Breaker, Mode, Overflow, Retry, SubscribeOptions};
use crate::period::Period;

/// What config says of a declared handler. A key that is absent leaves what the plugin declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandlerConfig {
    /// Most calls after the first one with an event that failed and may succeed later; 0 is none.
    #[schemars(range(max = 1_000_000))]
    pub retry: Option<u32>,
    /// The pause before the first retry; it doubles from one to the next.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub backoff: Option<Period>,
    /// The longest pause before a retry.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub max_backoff: Option<Period>,
    /// Time limit of one call.
    #[schemars(extend("x-min" = "1ms", "x-max" = "365d"))]
    pub timeout: Option<Period>,
    /// Calls that may run at once.
    #[schemars(range(min = 1, max = 65_536))]
    pub concurrency: Option<usize>,
    /// Most events that wait for this handler, beside the bound that `mailbox` sets for all handlers
    /// of the plugin together.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: Option<usize>,
    /// What a full mailbox or queue does to a new event.
    pub overflow: Option<Overflow>,
    /// Most events of one call of a batch handler.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub batch: Option<usize>,
    /// How long a batch that is not full waits for more.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub linger: Option<Period>,
    /// When the handler is left alone, because its target is down.
    pub breaker: Option<BreakerConfig>,
}

/// When a handler is left alone. A key that is absent leaves what the plugin declares, else five
/// failures and half a minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// Whether there is a breaker; `false` takes away a declared one.
    pub enabled: bool,
    /// Calls in a row that fail before the breaker opens.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failures: Option<u32>,
    /// How long the breaker is open, before one call tries whether the target is back.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub open_for: Option<Period>,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            failures: None,
            open_for: None,
        }
    }
}

impl BreakerConfig {
    fn over(&self, declared: Option<Breaker>) -> Option<Breaker> {
        let mut breaker = declared.unwrap_or(Breaker::DEFAULT);
        breaker.failures = self.failures.unwrap_or(breaker.failures);
        breaker.open_for = self.open_for.unwrap_or(breaker.open_for);
        self.enabled.then_some(breaker)
    }
}

impl PluginConfig {
    /// A handler that the plugin declares, with what this config says of it.
    #[must_use]
    pub fn subscription(&self, declared: &Subscription) -> Subscription {
        let config = self.handlers.get(declared.handler);
        Subscription {
            options: config.map_or(declared.options, |config| config.over(declared.options)),
            ..*declared
        }
    }
}

impl HandlerConfig {
    /// The options of a handler, with those that it declares.
    fn over(&self, declared: SubscribeOptions) -> SubscribeOptions {
        SubscribeOptions {
            retry: self.retry_over(declared.retry),
            timeout: self.timeout.map(Period::get).or(declared.timeout),
            concurrency: self.concurrency.unwrap_or(declared.concurrency),
            queue: self.queue.or(declared.queue),
            overflow: self.overflow.unwrap_or(declared.overflow),
            batch: self.batch.unwrap_or(declared.batch),
            linger: self.linger.map_or(declared.linger, Period::get),
            breaker: match &self.breaker {
                Some(config) => config.over(declared.breaker),
                None => declared.breaker,
            },
            ..declared
        }
    }

    fn retry_over(&self, declared: Option<Retry>) -> Option<Retry> {
        let mut retry = match self.retry {
            Some(0) => return None,
            Some(retries) => Retry {
                retries,
                ..declared.unwrap_or(Retry::new(1))
            },
            None => declared?,
        };
        retry.backoff.initial = self.backoff.unwrap_or(retry.backoff.initial);
        retry.backoff.max = self.max_backoff.unwrap_or(retry.backoff.max);
        Some(retry)
    }

    /// The keys that are set.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        let keys = [
            ("retry", self.retry.is_some()),
            ("backoff", self.backoff.is_some()),
            ("max_backoff", self.max_backoff.is_some()),
            ("timeout", self.timeout.is_some()),
            ("concurrency", self.concurrency.is_some()),
            ("queue", self.queue.is_some()),
            ("overflow", self.overflow.is_some()),
            ("batch", self.batch.is_some()),
            ("linger", self.linger.is_some()),
            ("breaker", self.breaker.is_some()),
        ];
        keys.into_iter().filter(|(_, set)| *set).map(|(key, _)| key)
    }
}

/// Adds what the handlers can't have, with the reason.
pub(super) fn check(
    composition: &Composition,
    plugins: &BTreeMap<&'static str, PluginSettings>,
    report: &mut Report,
) {
    for plugin in composition.plugins() {
        let settings = &plugins[plugin.name];
        if settings.config.enabled {
            for declared in plugin.subscriptions {
                check_one(plugin, declared, settings, report);
            }
        }
    }
}

fn check_one(
    plugin: &Descriptor,
    declared: &Subscription,
    settings: &PluginSettings,
    report: &mut Report,
) {
    let Some(config) = settings.config.handlers.get(declared.handler) else {
        return;
    };
    let mut issue = |key: &str, what: String| {
        let key = format!("handlers.{}.{key}", declared.handler);
        let place = settings.origin(&key);
        let key = format!("{}.{key}", plugin.name);
        report.issue(Issue::new(IssueKind::Invalid, &place, key, what));
    };
    let unfit: Vec<_> = (config.keys())
        .filter_map(|key| Some((key, unfit(declared, settings.config.replicas, key)?)))
        .collect();
    for (key, why) in &unfit {
        issue(key, format!("{why}: leave `{key}` out"));
    }
    if unfit.is_empty() {
        let together = settings.config.subscription(declared).options;
        for (key, what) in contradictions(config, &together) {
            issue(key, what);
        }
    }
}

/// Why a handler can't have an option, if it can't.
fn unfit(declared: &Subscription, replicas: usize, key: &str) -> Option<String> {
    let (handler, options) = (declared.handler, declared.options);
    if declared.mode == Mode::Inline && key != "timeout" {
        return Some(format!(
            "`{handler}` is a `fn`, which has no mailbox and runs on the publisher's task"
        ));
    }
    if matches!(key, "batch" | "linger") && !options.batches {
        return Some(format!("`{handler}` takes one event and no batch"));
    }
    match key {
        "overflow" if options.durable => Some(format!(
            "the events of the durable `{handler}` wait in the store, whose `on_full` says what \
            happens when that is full"
        )),
        "queue" if options.durable => Some(format!(
            "the events of the durable `{handler}` wait in the store, whose `max_events` bounds them"
        )),
        "queue" if options.group.is_some() || replicas > 1 => Some(format!(
            "an event goes to whichever member of the group of `{handler}` has room in its \
            `mailbox`"
        )),
        _ => None,
    }
}

/// What does not go together, with the key that says so.
fn contradictions(
    config: &HandlerConfig,
    options: &SubscribeOptions,
) -> impl Iterator<Item = (&'static str, String)> {
    pauses(config, options)
        .into_iter()
        .chain(calls_at_once(options))
}

fn pauses(config: &HandlerConfig, options: &SubscribeOptions) -> Vec<(&'static str, String)> {
    let set = [
        ("backoff", config.backoff.is_some()),
        ("max_backoff", config.max_backoff.is_some()),
    ];
    let set = set.into_iter().filter(|(_, set)| *set).map(|(key, _)| key);
    let Some(retry) = options.retry else {
        let what = "is the pause before a retry, and this handler has none: set `retry`";
        return set.map(|key| (key, format!("`{key}` {what}"))).collect();
    };
    let (initial, max) = (retry.backoff.initial, retry.backoff.max);
    if initial <= max {
        return Vec::new();
    }
    let what = format!(
        "the first pause, `backoff`, is {initial}, and the longest, `max_backoff`, is {max}: \
        write a shorter one, or a longer `max_backoff`"
    );
    set.take(1).map(|key| (key, what.clone())).collect()
}

fn calls_at_once(options: &SubscribeOptions) -> Option<(&'static str, String)> {
    if options.concurrency == 1 {
        return None;
    }
    if options.keyed && options.batches {
        let what = "a batch holds events of many keys, so batches side by side keep no key's \
            order: leave `concurrency` out";
        return Some(("concurrency", what.to_owned()));
    }
    let stands_elsewhere = options.keyed || options.breaker.is_some();
    (stands_elsewhere && options.overflow == Overflow::DropOldest).then(|| {
        let what = "with `concurrency` and a `key` or a `breaker` the oldest event may stand where \
            it can't give way: write `drop_newest`, or another one";
        ("overflow", what.to_owned())
    })
}
