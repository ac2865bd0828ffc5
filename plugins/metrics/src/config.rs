//! Settings, with a default for every key.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use plugin_core::config::{Period, Secret, SecretUrl, check};
use plugin_core::prelude::*;

use crate::export;

/// Settings of `metrics-plugin`. The manager's `enable_metrics` and `metrics_port` say whether it
/// serves metrics, and on which port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct MetricsConfig {
    /// The address to listen on. Everybody who can reach it can read the metrics. They contain
    /// names of plugins, handlers and topics, but no data of events.
    pub host: IpAddr,
    /// Names by which clients reach this port, in addition to `localhost` and IP addresses. Requests
    /// for other names are refused, because the owner of a page can let its name point here.
    #[schemars(length(max = 100))]
    pub hosts: Vec<String>,
    /// Most connections at the same time. A further connection closes the one that has waited
    /// longest for a request. If all connections have a request that is being answered, the further
    /// connection is answered with 503, unless it is a probe.
    pub max_connections: NonZeroU16,
    /// How long a client may take for a request, for receiving an answer, and between two requests.
    /// After that, its connection is closed.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub client_timeout: Period,
    /// How long requests in progress may continue when the plugin stops.
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub drain_timeout: Period,
    /// A collector to which the metrics are sent.
    pub otlp: Option<OtlpConfig>,
}

plugin_core::checked!(MetricsConfig, MetricsConfig::check);

impl MetricsConfig {
    fn check(&self) -> Result<()> {
        check::hosts("hosts", &self.hosts)?;
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
    /// Interval at which the metrics are sent.
    #[serde(default = "a_minute")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub interval: Period,
    /// Time limit of a request, including the last one at a stop.
    #[serde(default = "five_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "2m"))]
    pub timeout: Period,
}

fn a_minute() -> Period {
    Period::seconds(60)
}

fn five_seconds() -> Period {
    Period::seconds(5)
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            hosts: Vec::new(),
            max_connections: const { NonZeroU16::new(64).expect("it is not zero") },
            // Scrapers keep their connections until the next scrape.
            client_timeout: Period::seconds(120),
            drain_timeout: Period::seconds(1),
            otlp: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::config::unbounded;

    use super::*;

    #[test]
    fn every_number_and_period_has_bounds() {
        let schema = schemars::schema_for!(MetricsConfig);
        assert_eq!(unbounded(schema.as_value()), [""; 0]);
    }
}
