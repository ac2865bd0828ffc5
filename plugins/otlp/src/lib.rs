//! Sends to a collector by [OTLP](https://opentelemetry.io/docs/specs/otlp/) over HTTP, in
//! protobuf: what the exporters of `tracing-plugin` and `metrics-plugin` share.
//!
//! The messages are the generated ones of `opentelemetry-proto`. Requests are made by `ureq` on a
//! thread that may block, so that no collector keeps the runtime waiting.
#![forbid(unsafe_code)]

mod collector;
mod values;

pub use collector::{Collector, Rejected, Signal};
pub use opentelemetry_proto::tonic as proto;
pub use prost::Message;
pub use values::{attribute, nanos, resource, scope};
