//! Settings of `rate-limit-plugin`.

use std::time::Duration;

use plugin_core::event::Pattern;
use plugin_core::prelude::*;

use crate::limit::Limit;

/// Settings of `rate-limit-plugin`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct RateLimitConfig {
    /// The limits. An event has to pass all limits whose pattern matches its topic.
    pub limits: Vec<LimitConfig>,
}

plugin_core::checked!(RateLimitConfig, |config: &RateLimitConfig| {
    (config.limits.iter().enumerate()).try_for_each(|(at, limit)| {
        Limit::new(limit)
            .map(drop)
            .map_err(|error| Error::config(format!("`limits[{at}]`: {error}")))
    })
});

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitConfig {
    /// Pattern of the topics that it limits.
    pub topics: Pattern,
    /// Average number of events that may pass in each unit of time.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub rate: u32,
    /// The unit of time.
    #[serde(default)]
    pub per: Per,
    /// Number of events that may pass at once after a pause; by default the same as `rate`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub burst: Option<u32>,
    /// What gets its own bucket.
    #[serde(default)]
    pub by: By,
    /// With `by: field`: the top-level field of the event for whose values there are different
    /// buckets.
    #[serde(default)]
    #[schemars(length(min = 1, max = 255))]
    pub field: Option<String>,
    /// Most buckets of this limit. Further keys share one bucket.
    #[serde(default = "max_buckets")]
    #[schemars(range(min = 1, max = 10_000_000))]
    pub max_buckets: usize,
}

const fn max_buckets() -> usize {
    10_000
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// A second.
    #[default]
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// 24 hours.
    Day,
}

impl Per {
    /// Its length.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        })
    }

    /// The word for messages: "100 a minute".
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// What gets its own bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Nothing: all events of the limit share one bucket.
    #[default]
    All,
    /// Each topic.
    Topic,
    /// Each publishing plugin.
    Plugin,
    /// Each value of a field; events without it share one bucket.
    Field,
}
