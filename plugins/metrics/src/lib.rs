//! Serves the metrics of the service: in the formats of Prometheus, and as JSON.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /metrics` | all metrics, in the text format 0.0.4 of Prometheus, in that of OpenMetrics 1.0.0, or the JSON of the next row, as the request's `Accept` asks |
//! | `GET /metrics.json` | the values of the whole system and of each instance |
//! | `GET /livez`, `/healthz`, `/startupz`, `/readyz` | see [`Probes`](plugin_http::Probes) |
//!
//! | needs | |
//! | --- | --- |
//! | config | [`MetricsConfig`]; of the manager `enable_metrics` and `metrics_port` |
//! | rights | `system` with `read` |
//!
//! [`reference()`] is the list of all metrics: `docs/metrics.md` contains it, and a test compares
//! them. With `otlp` and the feature `otlp`, the metrics are also sent to a collector. Metrics
//! cause work only when they are read: otherwise the kernel only keeps its counters, which it needs
//! anyway.

#![forbid(unsafe_code)]

mod config;

mod family;
mod samples;

mod exposition;

mod catalogue;

#[cfg_attr(not(feature = "otlp"), path = "export/absent.rs")]
mod export;
mod figures;
mod routes;

mod plugin;

pub use catalogue::{names, reference};
pub use config::{MetricsConfig, OtlpConfig};
pub use plugin::Metrics;
