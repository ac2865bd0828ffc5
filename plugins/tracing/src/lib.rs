//! `tracing-plugin`: writes spans of publishes and deliveries.
//!
//! | | |
//! | --- | --- |
//! | config | [`TracingConfig`]: `topics`, `ratio`, `file` |
//! | intercepts | `publish` and `delivered` of the topics in its config |
//!
//! A span is a line of JSON in `spans.ndjson` below the plugin's directory, with the names of
//! [OTLP](https://opentelemetry.io/docs/specs/otlp/): the event's own span when it is published,
//! and one below it for each call of a handler.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod sampling;
mod span;

pub use config::TracingConfig;
pub use plugin::Spans;
