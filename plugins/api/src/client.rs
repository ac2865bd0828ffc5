//! The origin of a request: the other end of its connection, or the address that a trusted proxy
//! reports.
//!
//! Anybody can send the header, so it is read from the right, where the last proxy wrote. An entry
//! counts as long as its writer is trusted; the first address that does not belong to a trusted
//! proxy is the client's. Everything to the left of it is the client's own claim.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;
use plugin_core::prelude::*;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _};

use plugin_http::Peer;

/// Most entries of a header that are considered, from the right; no service is behind more proxies.
const MOST_HOPS: usize = 32;

/// An address, or a network as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

/// The error for a text that is not a network that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkError(&'static str);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NetworkError {}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let address = text.parse::<IpAddr>().map(|it| it.to_canonical().into());
        let network: Result<IpNet, _> = address.or_else(|_| text.parse());
        let network = network.map_err(|_| {
            NetworkError("no address and no network: write as `192.0.2.7` or `10.0.0.0/8`")
        })?;
        if network.prefix_len() == 0 {
            return Err(NetworkError(
                "holds every address: then every client could say where it comes from",
            ));
        }
        Ok(Self(network))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 2, "maxLength": 64 })
    }
}

/// The header in which proxies report the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For: CLIENT, PROXY`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=CLIENT, for=PROXY`, RFC 7239.
    Forwarded,
}

impl ProxyHeader {
    const fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The address that an entry names.
    fn address(self, entry: &str) -> Option<IpAddr> {
        match self {
            Self::XForwardedFor => node(entry),
            Self::Forwarded => {
                let mut pairs = entry.split(';').filter_map(|pair| pair.split_once('='));
                let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case("for"))?;
                node(value.trim().trim_matches('"'))
            }
        }
    }
}

/// The address of `192.0.2.7`, `192.0.2.7:80`, `2001:db8::7`, `[2001:db8::7]` or
/// `[2001:db8::7]:80`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse();
    let address = address.or_else(|_| text.parse().map(|it: SocketAddr| it.ip()));
    address.ok().map(|it: IpAddr| it.to_canonical())
}

/// The proxies whose reports of the client's address are trusted.
#[derive(Debug, Clone)]
pub(crate) struct Proxies {
    trusted: Arc<[Network]>,
    header: ProxyHeader,
}

impl Proxies {
    pub(crate) fn new(trusted: &[Network], header: ProxyHeader) -> Self {
        Self {
            trusted: trusted.into(),
            header,
        }
    }

    /// Whether the address belongs to a proxy.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// The origin of a request that came over a connection from `peer`.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values = headers.get_all(self.header.name()).iter();
        let lines: Vec<_> = values.map(|value| value.to_str().unwrap_or("")).collect();
        let entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for entry in entries.take(MOST_HOPS) {
            if !self.contains(client) {
                break;
            }
            // An entry that can't be read hides the client, so the request counts as the proxy's
            // own.
            let Some(address) = self.header.address(entry) else {
                break;
            };
            client = address;
        }
        client
    }
}

/// The origin of a request; every request has it.
#[derive(Debug, Clone, Copy)]
struct Client(IpAddr);

/// Determines the origin of a request.
pub(crate) async fn located(
    State(proxies): State<Proxies>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(Peer(peer)) = request.extensions().get::<Peer>().copied() {
        let client = proxies.client(peer.ip(), request.headers());
        request.extensions_mut().insert(Client(client));
    }
    next.run(request).await
}

/// The origin of a request, as text.
pub(crate) fn address(extensions: &Extensions) -> Option<String> {
    let client = extensions.get::<Client>().map(|Client(client)| *client);
    let peer = || Some(extensions.get::<Peer>()?.0.ip().to_canonical());
    client.or_else(peer).map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ProxyHeader) -> Proxies {
        let trusted = ["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"].map(|it| it.parse().unwrap());
        Proxies::new(&trusted, header)
    }

    fn client(header: ProxyHeader, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), line.parse().unwrap());
        }
        let peer = peer.parse().unwrap();
        proxies(header).client(peer, &headers).to_string()
    }

    #[test]
    fn report_a9_only_trusted_proxies_say_where_a_request_comes_from() {
        let client = |peer, lines: &[&str]| client(ProxyHeader::XForwardedFor, peer, lines);
        assert_eq!(client("192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        // The client's own claim is on the left.
        let claimed = "203.0.113.9, 198.51.100.1, 10.0.0.2";
        assert_eq!(client("10.0.0.1", &[claimed]), "198.51.100.1");
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9", "198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            client("10.0.0.1", &["203.0.113.9, 127.0.0.1"]),
            "203.0.113.9"
        );
        // All of them are proxies: the first one sent the request.
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        for unreadable in [
            "",
            "unknown",
            "198.51.100.1, _hidden",
            "198.51.100.1,",
            "1.2.3",
        ] {
            assert_eq!(
                client("10.0.0.1", &[unreadable]),
                "10.0.0.1",
                "{unreadable}"
            );
        }
        let port = client("10.0.0.1", &["198.51.100.1:4711"]);
        assert_eq!(port, "198.51.100.1");
        let port = client("10.0.0.1", &["[2001:dead::1]:4711"]);
        assert_eq!(port, "2001:dead::1");
        assert_eq!(client("2001:db8::1", &["2001:dead::1"]), "2001:dead::1");
        let endless = "10.0.0.2,".repeat(10_000) + "10.0.0.2";
        assert_eq!(client("10.0.0.1", &[&endless]), "10.0.0.2");
    }

    #[test]
    fn report_a9_the_header_of_the_rfc_is_read_when_it_is_chosen() {
        let client = |lines: &[&str]| client(ProxyHeader::Forwarded, "10.0.0.1", lines);
        assert_eq!(client(&["for=198.51.100.1;proto=https"]), "198.51.100.1");
        let port = r#"For="[2001:dead::1]:4711", proto=http; for="10.0.0.2""#;
        assert_eq!(client(&[port]), "2001:dead::1");
        assert_eq!(client(&["for=unknown"]), "10.0.0.1");
        assert_eq!(client(&["proto=https"]), "10.0.0.1");
    }

    #[test]
    fn a_network_is_an_address_or_some_bits_of_one() {
        for good in ["192.0.2.7", "10.0.0.0/8", "2001:db8::/32", "::1"] {
            assert!(good.parse::<Network>().is_ok(), "{good}");
        }
        for bad in ["", "10.0.0.0/33", "proxy", "0.0.0.0/0", "::/0", "10.0.0"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
        let mapped: Network = "::ffff:192.0.2.7".parse().unwrap();
        assert!(mapped.contains("192.0.2.7".parse().unwrap()));
    }
}
