//! Settings, with a default for every key.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU16;

use plugin_core::config::{Period, Secret, SecretUrl, check};
use plugin_core::prelude::*;

use crate::export;

/// Settings of `metrics-plugin`. Whether it serves, and on which port, the manager's `enable_metrics`
/// and `metrics_port` say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct MetricsConfig {
    /// The address of the machine to listen on. Everybody who reaches it reads the figures: they
    /// name plugins, handlers and topics, and hold no data of events.
    pub host: IpAddr,
    /// Names by which the port may be asked, besides `localhost` and addresses. Requests for other
    /// names are refused: a page may have pointed one here.
    #[schemars(length(max = 100))]
    pub hosts: Vec<String>,
    /// Most connections at once. One more closes that which has waited longest for a request; if
    /// all have one that is being answered, it is answered 503, unless it is a probe.
    pub max_connections: NonZeroU16,
    /// How long a client may take for a request, for an answer, and between two requests; then its
    /// connection is closed.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub client_timeout: Period,
    /// How long requests that run when the plugin stops may go on.
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub drain_timeout: Period,
    /// A collector that the figures are sent to.
    pub otlp: Option<OtlpConfig>,
}

plugin_core::checked!(MetricsConfig, MetricsConfig::check);

impl MetricsConfig {
    fn check(&self) -> Result<()> {
        check::hosts("hosts", &self.hosts)?;
        self.otlp.as_ref().map_or(Ok(()), export::check)
    }
}

/// A collector that takes OTLP over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OtlpConfig {
    /// Its base address, such as `http://127.0.0.1:4318`.
    pub endpoint: SecretUrl,
    /// Headers of each request.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret>,
    /// The name of this service; without one it is `unknown_service:` and the name of the program.
    #[serde(default)]
    pub service_name: Option<String>,
    /// The time from one sending to the next.
    #[serde(default = "a_minute")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub interval: Period,
    /// Time limit of a request, also of the last one, at a stop.
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
            // Scrapers keep their connections for the next time.
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
