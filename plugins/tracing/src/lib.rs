//! `tracing-plugin`: records spans of published events and of deliveries.
//!
//! | | |
//! | --- | --- |
//! | config | [`TracingConfig`]: `topics`, `ratio`, `file`, `otlp` |
//! | intercepts | `publish` and `delivered` of the topics in its config |
//!
//! A span is a line of JSON in `spans.ndjson` below the plugin's directory, with the names of
//! [OTLP](https://opentelemetry.io/docs/specs/otlp/): the event's own span when it is published,
//! and a child span for each call of a handler. With `otlp`, spans are sent to a collector instead,
//! which requires the feature `otlp`.
#![forbid(unsafe_code)]

mod config;
mod plugin;

#[cfg_attr(not(feature = "otlp"), path = "export/absent.rs")]
mod export;
mod sampling;
mod span;

pub use config::{OtlpConfig, TracingConfig};
pub use plugin::Spans;
