//! `rate-limit-plugin`: refuses events that arrive too fast.
//!
//! | | |
//! | --- | --- |
//! | config | [`RateLimitConfig`]: `limits` |
//! | intercepts | `publish` of the topics in its config |
//!
//! Each limit is a token bucket, or one for each topic, publishing plugin or value of a field. An
//! event passes if every limit of its topic has a token. A refusal is retriable, and says when to
//! try again.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod bucket;
mod buckets;
mod limit;

pub use config::{By, LimitConfig, Per, RateLimitConfig};
pub use plugin::RateLimit;
