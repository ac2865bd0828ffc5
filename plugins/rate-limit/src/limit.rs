//! One limit: the events that it limits, and the bucket for each of them.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use serde_json::Value;

use crate::bucket::Rate;
use crate::buckets::Buckets;
use crate::config::{By, LimitConfig, Per};

/// A limit.
#[derive(Debug)]
pub(crate) struct Limit {
    topics: Pattern,
    rate: u32,
    per: Per,
    key: Key,
    buckets: Mutex<Buckets>,
}

/// What gets its own bucket.
#[derive(Debug)]
enum Key {
    All,
    Topic,
    Plugin,
    Field(String),
}

impl Limit {
    /// # Errors
    ///
    /// Returns an error if a field is set without `by: field`, or the reverse.
    pub(crate) fn new(config: &LimitConfig) -> Result<Self> {
        let key = match (config.by, &config.field) {
            (By::All, None) => Key::All,
            (By::Topic, None) => Key::Topic,
            (By::Plugin, None) => Key::Plugin,
            (By::Field, Some(field)) => Key::Field(field.clone()),
            (By::Field, None) => {
                return Err(mistake(
                    config,
                    "has `by: field` and no `field`: name the field",
                ));
            }
            (_, Some(_)) => {
                return Err(mistake(
                    config,
                    "has a `field`: write `by: field` too, or leave it out",
                ));
            }
        };
        let burst = config.burst.unwrap_or(config.rate);
        let rate = Rate::new(config.rate, config.per.duration(), burst);
        Ok(Self {
            topics: config.topics.clone(),
            rate: config.rate,
            per: config.per,
            key,
            buckets: Mutex::new(Buckets::new(rate, config.max_buckets)),
        })
    }

    pub(crate) fn topics(&self) -> &Pattern {
        &self.topics
    }

    /// Takes a token for an event, or returns how long there will be none.
    pub(crate) fn take(&self, event: &AnyEvent<'_>, now: u64) -> Result<(), Duration> {
        self.buckets().take(&self.key(event), now)
    }

    /// Returns the token, because another limit refused the event.
    pub(crate) fn give_back(&self, event: &AnyEvent<'_>) {
        self.buckets().give_back(&self.key(event));
    }

    /// The error for the publisher.
    pub(crate) fn refusal(&self, topic: &str, wait: Duration) -> Error {
        let (rate, per) = (self.rate, self.per.as_str());
        Error::retriable(format!(
            "more than {rate} `{topic}` a {per}: come again in {wait:?}"
        ))
        .after(wait)
    }

    fn key<'a>(&self, event: &AnyEvent<'a>) -> Cow<'a, str> {
        match &self.key {
            Key::All => Cow::Borrowed(""),
            Key::Topic => Cow::Borrowed(event.topic()),
            Key::Plugin => Cow::Borrowed(event.source()),
            Key::Field(field) => match event.field(field) {
                Some(Value::String(text)) => Cow::Owned(text),
                Some(value) => Cow::Owned(value.to_string()),
                None => Cow::Borrowed(""),
            },
        }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mistake(config: &LimitConfig, what: &str) -> Error {
    Error::config(format!("the limit of `{}` {what}", config.topics))
}
