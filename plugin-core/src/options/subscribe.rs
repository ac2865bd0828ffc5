//! The options of a method that handles events.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::breaker::Breaker;
use super::retry::Retry;
use crate::period::Period;

/// Where a handler runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A `fn`: on the publisher's task, before `publish` returns.
    Inline,
    /// An `async fn`: on the plugin's own task, fed by its mailbox.
    Queued,
}

/// What happens to an event if the mailbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// `publish` waits for room.
    #[default]
    Wait,
    /// The oldest event of the subscription is dropped.
    DropOldest,
    /// The new event is dropped.
    DropNewest,
    /// `publish` returns an error.
    Fail,
}

/// Which member of a group gets an event without a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Balance {
    /// Each member in turn.
    #[default]
    RoundRobin,
    /// The member with the fewest unfinished events in its mailbox.
    LeastLoaded,
}

impl Balance {
    /// The word that a user writes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::LeastLoaded => "least_loaded",
        }
    }
}

/// The options of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubscribeOptions {
    /// Rank among the handlers of an event: the highest is called first, then in start order.
    pub priority: i32,
    /// Time limit of one call; `None` means the manager's `timeout`.
    pub timeout: Option<Duration>,
    /// Calls of this handler that may run at once.
    pub concurrency: usize,
    /// Most events that wait for this handler. The limit of its plugin's mailbox applies as well;
    /// `None` means only that limit.
    pub queue: Option<usize>,
    /// What happens to a new event if the mailbox or queue is full.
    pub overflow: Overflow,
    /// Whether it takes batches.
    pub batches: bool,
    /// Most events in one call of a batch handler.
    pub batch: usize,
    /// How long a batch that is not full waits for more events.
    pub linger: Duration,
    /// How a failed event is retried; `None` means not at all.
    pub retry: Option<Retry>,
    /// When it is not called because its target is down; `None` means never.
    pub breaker: Option<Breaker>,
    /// The group of handlers in which each event goes to one member.
    pub group: Option<&'static str>,
    /// Which member gets an event.
    pub balance: Balance,
    /// Whether its events have a key. Events with the same key are handled by one member, in order.
    pub keyed: bool,
    /// Whether its events survive a crash, because they are stored until they are handled.
    pub durable: bool,
}

impl SubscribeOptions {
    /// The options of `#[subscribe]` without arguments.
    pub const DEFAULT: Self = Self {
        priority: 0,
        timeout: None,
        concurrency: 1,
        queue: None,
        overflow: Overflow::Wait,
        batches: false,
        batch: 256,
        linger: Duration::ZERO,
        retry: None,
        breaker: None,
        group: None,
        balance: Balance::RoundRobin,
        keyed: false,
        durable: false,
    };

    /// Sets the rank.
    #[must_use]
    pub const fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the time limit of one call.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how many calls may run at once.
    ///
    /// # Panics
    ///
    /// Panics if `concurrency` is zero.
    #[must_use]
    pub const fn concurrency(mut self, concurrency: usize) -> Self {
        assert!(concurrency > 0, "`concurrency` is at least 1");
        self.concurrency = concurrency;
        self
    }

    /// Limits the events that wait for this handler.
    ///
    /// # Panics
    ///
    /// Panics if `queue` is zero; in a constant, this is a compile error.
    #[must_use]
    pub const fn queue(mut self, queue: usize) -> Self {
        assert!(queue > 0, "`queue` is at least 1");
        self.queue = Some(queue);
        self
    }

    /// Sets what happens to a new event if the mailbox is full.
    #[must_use]
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets the size of a batch, and how long it waits for more events.
    ///
    /// # Panics
    ///
    /// Panics if `batch` is zero.
    #[must_use]
    pub const fn batch(mut self, batch: usize, linger: Duration) -> Self {
        assert!(batch > 0, "`batch` is at least 1");
        self.batches = true;
        self.batch = batch;
        self.linger = linger;
        self
    }

    /// Sets how often a failed event is retried.
    ///
    /// # Panics
    ///
    /// Panics if `retries` is zero.
    #[must_use]
    pub const fn retry(mut self, retries: u32) -> Self {
        self.retry = Some(Retry::new(retries));
        self
    }

    /// Sets the first pause before a retry; each further pause is twice as long.
    ///
    /// # Panics
    ///
    /// Panics if `retry` was not called before.
    #[must_use]
    pub const fn backoff(mut self, initial: Duration) -> Self {
        let Some(retry) = &mut self.retry else {
            panic!("`backoff` is for a handler with `retry`: set that first");
        };
        retry.backoff.initial = Period::new(initial);
        self
    }

    /// Sets the longest pause before a retry.
    ///
    /// # Panics
    ///
    /// Panics if `retry` was not called before.
    #[must_use]
    pub const fn max_backoff(mut self, max: Duration) -> Self {
        let Some(retry) = &mut self.retry else {
            panic!("`max_backoff` is for a handler with `retry`: set that first");
        };
        retry.backoff.max = Period::new(max);
        self
    }

    /// Stops calling the handler for a while after this number of failures in a row.
    ///
    /// # Panics
    ///
    /// Panics if `failures` is zero.
    #[must_use]
    pub const fn breaker(mut self, failures: u32) -> Self {
        self.breaker = Some(Breaker::new(failures));
        self
    }

    /// Sets how long the handler is not called.
    ///
    /// # Panics
    ///
    /// Panics if `breaker` was not called before.
    #[must_use]
    pub const fn open_for(mut self, open_for: Duration) -> Self {
        let Some(breaker) = &mut self.breaker else {
            panic!("`open_for` is for a handler with `breaker`: set that first");
        };
        breaker.open_for = Period::new(open_for);
        self
    }

    /// Makes the handler a member of a group.
    #[must_use]
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = Some(group);
        self
    }

    /// Sets which member of the group gets an event.
    #[must_use]
    pub const fn balance(mut self, balance: Balance) -> Self {
        self.balance = balance;
        self
    }

    /// Declares that the events have a key, which [`Binder::key`](crate::event::Binder::key) or
    /// [`Binder::key_any`](crate::event::Binder::key_any) sets.
    #[must_use]
    pub const fn keyed(mut self) -> Self {
        self.keyed = true;
        self
    }

    /// Stores events until they are handled. The plugin has to declare a need for
    /// [`EventStore`](crate::event::EventStore), which `#[plugin]` does.
    #[must_use]
    pub const fn durable(mut self) -> Self {
        self.durable = true;
        self
    }
}

impl Default for SubscribeOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}
