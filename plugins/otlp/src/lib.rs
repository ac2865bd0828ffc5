//! Sends data to a collector by [OTLP](https://opentelemetry.io/docs/specs/otlp/) over HTTP, in
//! protobuf. The exporters of `tracing-plugin` and `metrics-plugin` share it.
//!
//! The message types are generated ones from `opentelemetry-proto`. `ureq` makes the requests on a
//! thread that may block, so that a collector never delays the runtime.
#![forbid(unsafe_code)]

mod collector;
mod values;

pub use collector::{Collector, Rejected, Signal};
pub use opentelemetry_proto::tonic as proto;
pub use prost::Message;
pub use values::{attribute, nanos, resource, scope};
