//! Settings of `tracing-plugin`.

use std::collections::BTreeMap;

use plugin_core::config::{Period, Secret, SecretUrl};
use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use plugin_ndjson::FileConfig;

use crate::export;

/// Settings of `tracing-plugin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct TracingConfig {
    /// Patterns of the topics whose events are traced.
    pub topics: Vec<Pattern>,
    /// The share of traces that is recorded, from 0 to 1. A trace is recorded completely or not at
    /// all.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub ratio: f64,
    /// How much is kept in the file.
    pub file: FileConfig,
    /// A collector to which the spans are sent, in place of the file.
    pub otlp: Option<OtlpConfig>,
}

plugin_core::checked!(TracingConfig, TracingConfig::check);

impl TracingConfig {
    fn check(&self) -> Result<()> {
        self.otlp.as_ref().map_or(Ok(()), export::check)
    }
}

/// A collector that accepts OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtlpConfig {
    /// Its base address, such as `http://127.0.0.1:4318`.
    pub endpoint: SecretUrl,
    /// Headers of each request.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// The name of this service. By default, it is `unknown_service:` followed by the name of the
    /// program.
    #[serde(default)]
    pub service_name: Option<String>,
    /// How long a span waits for others to be sent together.
    #[serde(default = "five_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub interval: Period,
    /// Time limit of a request, and of all requests at a stop.
    #[serde(default = "five_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "2m"))]
    pub timeout: Period,
    /// Most spans that wait to be sent; further spans are lost and counted.
    #[serde(default = "many")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub queue: usize,
}

fn five_seconds() -> Period {
    Period::seconds(5)
}

fn many() -> usize {
    8192
}

impl Default for TracingConfig {
    fn default() -> Self {
        Self {
            topics: Vec::new(),
            ratio: 1.0,
            file: FileConfig::default(),
            otlp: None,
        }
    }
}
