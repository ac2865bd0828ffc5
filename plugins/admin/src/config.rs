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
    /// Where to listen over TCP, beside the socket: address or name, and port; port 0 takes a free
    /// one. Without it there is only the socket.
    pub listen: Option<String>,
    /// Names by which clients ask for that address, beside `localhost` and addresses. A request for
    /// another name is refused.
    #[schemars(length(max = 100))]
    pub hosts: Vec<String>,
    /// The certificate of that address. Without it there is no TLS, and it has to be one of the
    /// loopback.
    pub tls: Option<TlsConfig>,
    /// Who may ask there, and what they may do.
    #[schemars(length(max = 1000))]
    pub tokens: Vec<TokenConfig>,
    /// Most connections at once. One more closes that which has waited longest for a request; if
    /// all have one that is being answered, it is answered 503.
    pub max_connections: NonZeroU16,
    /// Most streams at once, each of which takes a connection. One more is answered 503.
    pub max_streams: u16,
    /// How long a client may take for a request, for an answer, and between two requests; then its
    /// connection is closed.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1h"))]
    pub client_timeout: Period,
    /// How long a client waits for the end of an operation. One that takes longer goes on, and is
    /// answered 202.
    #[schemars(extend("x-min" = "1ms", "x-max" = "1d"))]
    pub operation_timeout: Period,
    /// How long requests that run when the plugin stops may go on.
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

/// Whether only this machine reaches an address, as far as its text tells.
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
