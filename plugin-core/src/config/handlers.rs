//! What config says of a plugin's declared handlers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{Breaker, Overflow, Retry, SubscribeOptions};
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

impl HandlerConfig {
    /// The options of a handler, with those that it declares.
    pub(super) fn over(&self, declared: SubscribeOptions) -> SubscribeOptions {
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
