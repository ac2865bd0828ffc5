//! Settings, with a default for every key.

use std::net::IpAddr;
use std::num::NonZeroU16;

use plugin_core::Error;
use plugin_core::config::{Period, check};
use plugin_core::prelude::*;

use crate::remote::TlsConfig;
use crate::token::{self, TokenConfig};

/// Settings of `admin-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct AdminConfig {
    /// Address or name, and port, to listen on over TCP in addition to the socket. With port 0, the
    /// system chooses a free port. Without this key, there is only the socket.
    pub listen: Option<String>,
    /// Names by which clients reach this address, in addition to `localhost` and IP addresses.
    /// Requests for other names are refused.
    #[schemars(length(max = 100))]
    pub hosts: Vec<String>,
    /// The certificate of this address. Without it, connections are not encrypted, and the address
    /// has to be a loopback address.
    pub tls: Option<TlsConfig>,
    /// The callers over TCP, and their rights.
    #[schemars(length(max = 1000))]
    pub tokens: Vec<TokenConfig>,
    /// Most connections at the same time. A further connection closes the one that has waited
    /// longest for a request. If all connections have a request that is being answered, the further
    /// connection is answered with 503.
    pub max_connections: NonZeroU16,
    /// Most streams at the same time. Each uses one connection. Further streams are answered with
    /// 503.
    pub max_streams: u16,
    /// How long a client may take for a request, for receiving an answer, and between two requests.
    /// After that, its connection is closed.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub client_timeout: Period,
    /// How long a client waits for the end of an operation. An operation that takes longer
    /// continues, and the client gets the answer 202.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub operation_timeout: Period,
    /// How long requests in progress may continue when the plugin stops.
    #[schemars(extend("x-min" = "0s", "x-max" = "1h"))]
    pub drain_timeout: Period,
}

plugin_core::checked!(AdminConfig, AdminConfig::check);

impl AdminConfig {
    fn check(&self) -> Result<()> {
        token::check(&self.tokens)?;
        check::hosts("hosts", &self.hosts)?;
        let Some(address) = &self.listen else {
            return Ok(());
        };
        check::address("listen", address)?;
        if self.tokens.is_empty() {
            return Err(Error::config(
                "`listen`: nobody could ask there: name who may in `tokens`, `token new` makes one",
            ));
        }
        if self.tls.is_none() && !is_loopback(address) {
            return Err(Error::config(format!(
                "`listen`: `{address}` is beyond the loopback, and tokens would be readable on the \
                 way: name a certificate in `tls`, or listen on `127.0.0.1` behind a proxy that \
                 has one"
            )));
        }
        Ok(())
    }
}

/// Whether an address is reachable only from this machine, according to its text.
fn is_loopback(address: &str) -> bool {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    match bare.unwrap_or(host).parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            listen: None,
            hosts: Vec::new(),
            tls: None,
            tokens: Vec::new(),
            max_connections: const { NonZeroU16::new(64).expect("it is not zero") },
            max_streams: 32,
            client_timeout: Period::seconds(10),
            operation_timeout: Period::seconds(60),
            drain_timeout: Period::seconds(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::config::unbounded;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_number_and_period_has_bounds() {
        let schema = schemars::schema_for!(AdminConfig);
        assert_eq!(unbounded(schema.as_value()), [""; 0]);
    }

    fn told(config: Value) -> String {
        let read = serde_json::from_value::<AdminConfig>(config);
        read.err()
            .map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn beyond_the_loopback_there_are_tokens_and_tls() {
        let hash = token::TokenHash::of("x").to_string();
        let tokens = json!([{"name": "ann", "hash": hash, "role": "viewer"}]);
        let tls = json!({"cert": "cert.pem", "key": "key.pem"});
        for near in ["127.0.0.1:9091", "localhost:0", "[::1]:9091", "127.8.8.8:1"] {
            assert!(told(json!({"listen": near})).starts_with("`listen`: nobody could ask"));
            assert_eq!(told(json!({"listen": near, "tokens": tokens})), "");
        }
        for far in [
            "0.0.0.0:9091",
            "[::]:9091",
            "192.0.2.1:1",
            "admin.example:1",
        ] {
            let error = told(json!({"listen": far, "tokens": tokens}));
            assert!(error.contains("is beyond the loopback"), "{error}");
            assert_eq!(
                told(json!({"listen": far, "tokens": tokens, "tls": tls})),
                ""
            );
            let error = told(json!({"listen": far, "tls": tls}));
            assert!(error.contains("`tokens`"), "{error}");
        }
    }
}
