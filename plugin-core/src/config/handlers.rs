//! The config of a plugin's declared handlers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::options::{Breaker, Overflow, Retry, SubscribeOptions};
use crate::period::Period;

/// The config of a declared handler. If a key is absent, the value that the plugin declares
/// applies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandlerConfig {
    /// Most retries after the first call, for an event that failed and may succeed later; 0 means
    /// none.
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
    /// Most events that wait for this handler. The limit `mailbox`, which covers all handlers of
    /// the plugin together, applies as well.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: Option<usize>,
    /// What happens to a new event if the mailbox or the queue of the handler is full.
    pub overflow: Option<Overflow>,
    /// Most events in one call of a batch handler.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub batch: Option<usize>,
    /// How long a batch that is not full waits for more events.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub linger: Option<Period>,
    /// When the circuit breaker stops calling the handler because its target is down.
    pub breaker: Option<BreakerConfig>,
}

/// The config of a circuit breaker. If a key is absent, the value that the plugin declares applies;
/// without such a value, five failures and 30 seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerConfig {
    /// Whether there is a circuit breaker; `false` removes one that the plugin declares.
    pub enabled: bool,
    /// Number of failed calls in a row after which the breaker opens.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub failures: Option<u32>,
    /// How long the breaker stays open before one call tests whether the target works again.
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
    /// The options of a handler: those that it declares, with the configured ones over them.
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
