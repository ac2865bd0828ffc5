//! Serves the figures of the service: to Prometheus and whoever reads its formats, and as JSON.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /metrics` | all figures, in the text format 0.0.4 of Prometheus, in that of OpenMetrics 1.0.0, or the JSON of the next row, as the request's `Accept` asks |
//! | `GET /metrics.json` | the figures of the whole and of each instance |
//! | `GET /livez`, `/healthz`, `/startupz`, `/readyz` | see [`Probes`](plugin_http::Probes) |
//!
//! | needs | |
//! | --- | --- |
//! | config | [`MetricsConfig`]; of the manager `enable_metrics` and `metrics_port` |
//! | rights | `system` with `read` |
//!
//! [`reference()`] is the list of all metrics: `docs/metrics.md` holds it, and a test compares them.
//! With `otlp` and the feature `otlp`, the figures are also sent to a collector.
//! Nobody but who reads them causes any work: without one, what the kernel counts anyway
//! is all that there is.

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
