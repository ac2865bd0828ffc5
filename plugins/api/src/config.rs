//! Settings, with a default for every key.

use std::num::{NonZeroU16, NonZeroUsize};

use plugin_contracts::User;
use plugin_core::Error;
use plugin_core::config::{Period, check};
use plugin_core::prelude::*;
use plugin_http::Probes;

use crate::client::{Network, ProxyHeader};
use crate::routes::check_open;

/// Settings of `api-plugin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct ApiConfig {
    /// Address or name, and port, to listen on. With port 0, the system chooses a free port.
    pub address: String,
    /// Routes that need no token, as `METHOD /path`.
    pub open: Vec<String>,
    /// Proxies in front of this plugin, as addresses or networks such as `10.0.0.0/8`. Their header
    /// names the origin of a request, which is used to count failed logins and is written to the
    /// audit log. The header of other clients is ignored. The limit of connections for each address
    /// does not apply to these proxies.
    #[schemars(length(max = 1000))]
    pub trusted_proxies: Vec<Network>,
    /// The header in which the proxies name the origin.
    pub proxy_header: ProxyHeader,
    /// Which users a caller may look up.
    pub users: UserAccess,
    /// Users who may publish events for other users, and events that do not declare their user,
    /// which callers can't publish otherwise. All other users can name only themselves.
    pub may_publish_for: Vec<String>,
    /// Most events of callers that are being published at the same time. Further events are
    /// refused, and no subscriber gets them.
    pub max_pending_events: NonZeroU16,
    /// How long the `Idempotency-Key` of an event is remembered after the event was published.
    #[schemars(extend("x-min" = "1s", "x-max" = "30d"))]
    pub idempotency_ttl: Period,
    /// Most bytes of a request's body.
    #[schemars(range(min = 1, max = 1_073_741_824))]
    pub max_body_bytes: NonZeroUsize,
    /// Time limit of one request, from the last byte of its head to the answer.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub request_timeout: Period,
    /// Time limit for receiving the body of a request.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub body_timeout: Period,
    /// Time limit for receiving the head of a request, from its first byte; for the first request
    /// of a connection, from the start of the connection.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub header_timeout: Period,
    /// Time limit for a client to receive an answer.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub write_timeout: Period,
    /// How long a connection may stay open without a request after an answer.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub idle_timeout: Period,
    /// Most bytes in the head of a request.
    #[schemars(range(min = 1024, max = 1_048_576))]
    pub max_header_bytes: usize,
    /// Most fields in the head of a request.
    #[schemars(range(min = 1, max = 1000))]
    pub max_headers: NonZeroU16,
    /// Most connections at the same time. A further connection closes the one that has waited
    /// longest for a request. If all connections have a request that is being answered, the further
    /// connection is answered with 503, unless it is a probe.
    pub max_connections: NonZeroU16,
    /// Most connections from one client address (for IPv6: from one /64 network), with the same
    /// effect.
    pub max_connections_per_address: NonZeroU16,
    /// How long requests in progress may continue when the plugin stops.
    #[schemars(extend("x-min" = "0s", "x-max" = "1d"))]
    pub drain_timeout: Period,
}

plugin_core::checked!(ApiConfig, |config: &ApiConfig| {
    check::address("address", &config.address)?;
    check_ids("may_publish_for", &config.may_publish_for)?;
    check_open(&config.open)
});

/// Checks that a list contains ids of users. An id with an invisible character would be another
/// user.
fn check_ids(key: &str, ids: &[String]) -> Result<()> {
    for (at, id) in ids.iter().enumerate() {
        User::check_id(id).map_err(|fault| Error::config(format!("`{key}[{at}]`: {fault}")))?;
    }
    Ok(())
}

/// Which users a caller may look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserAccess {
    /// Only the caller's own. For other users, the answer is the same as for a user who does not
    /// exist.
    #[default]
    Own,
    /// All users.
    Any,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:8080".to_owned(),
            open: (Probes::ALL.into_iter().chain(["POST /login"]))
                .map(str::to_owned)
                .collect(),
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            users: UserAccess::Own,
            may_publish_for: Vec::new(),
            max_pending_events: const { NonZeroU16::new(128).expect("it is not zero") },
            idempotency_ttl: Period::seconds(24 * 3600),
            max_body_bytes: const { NonZeroUsize::new(1 << 20).expect("it is not zero") },
            request_timeout: Period::seconds(10),
            body_timeout: Period::seconds(10),
            header_timeout: Period::seconds(10),
            write_timeout: Period::seconds(10),
            idle_timeout: Period::seconds(30),
            max_header_bytes: 16 * 1024,
            max_headers: const { NonZeroU16::new(64).expect("it is not zero") },
            max_connections: const { NonZeroU16::new(256).expect("it is not zero") },
            max_connections_per_address: const { NonZeroU16::new(64).expect("it is not zero") },
            drain_timeout: Period::seconds(5),
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::config::unbounded;

    use super::*;

    #[test]
    fn report_c5_every_number_and_period_has_bounds() {
        let schema = schemars::schema_for!(ApiConfig);
        assert_eq!(unbounded(schema.as_value()), [""; 0]);
    }
}
