//! An address that may contain a secret.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use super::secret::MASK;

/// The keyword that marks such an address in a schema.
pub(super) const KEYWORD: &str = "x-secret-url";

/// An address whose user, path and query may be secrets, such as the address of a gateway, a
/// webhook or a server.
///
/// `Debug`, `Display` and `Serialize` write the scheme, host and port, and `***` for the rest;
/// messages and `config show` do the same. Text that is not an address is written as `***`.
///
/// # Example
///
/// ```
/// use plugin_core::config::SecretUrl;
///
/// let url = SecretUrl::from("https://user:pass@gateway.example:8443/send?key=f00");
/// assert_eq!(url.to_string(), "https://***@gateway.example:8443/***");
/// assert_eq!(SecretUrl::from("http://gateway.example/").to_string(), "http://gateway.example/");
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The address itself, with its secrets.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretUrl {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretUrl {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// The part of an address that may be shown.
pub(super) fn shown(text: &str) -> String {
    shown_parts(text).unwrap_or_else(|| MASK.to_owned())
}

/// Whether a text is an address: it has a scheme, a host and a numeric port.
pub(super) fn is_address(text: &str) -> bool {
    shown_parts(text).is_some()
}

fn shown_parts(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = |char: char| char.is_ascii_alphanumeric() || "+-.:".contains(char);
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    // An `@` after a slash may be the end of a password that contains a slash. Then no part of the
    // address is known to be safe.
    if scheme.is_empty() || !scheme.chars().all(is_scheme) || tail.contains('@') {
        return None;
    }
    let (user, host) = match authority.rsplit_once('@') {
        Some((_, host)) => ("***@", host),
        None => ("", authority),
    };
    let is_host = |char: char| char.is_alphanumeric() || ".-_:[]%".contains(char);
    if !host.chars().all(is_host) || !is_host_and_port(host) {
        return None;
    }
    let tail = match tail.chars().next() {
        Some(first) if tail.len() > 1 => format!("{first}{MASK}"),
        _ => tail.to_owned(),
    };
    Some(format!("{scheme}://{user}{host}{tail}"))
}

/// Whether the text is a host and a port. A port that is not a number may be a secret.
fn is_host_and_port(text: &str) -> bool {
    // The colons of an IPv6 address are within brackets.
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']'),
        None => Some(text.split_at(text.find(':').unwrap_or(text.len()))),
    };
    let Some((name, port)) = host.filter(|(name, _)| !name.is_empty()) else {
        return false;
    };
    let is_number = |port: &str| {
        port.is_empty()
            || (port.parse::<u16>().is_ok() && port.bytes().all(|it| it.is_ascii_digit()))
    };
    let is_ip = !text.starts_with('[') || name.parse::<std::net::Ipv6Addr>().is_ok();
    is_ip && (port.is_empty() || port.strip_prefix(':').is_some_and(is_number))
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

impl Serialize for SecretUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for SecretUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", KEYWORD: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_a16_an_address_shows_where_it_leads_and_nothing_else() {
        for (text, expected) in [
            ("https://u:p@gw.example/", "https://***@gw.example/"),
            ("https://u:p@gw.example", "https://***@gw.example"),
            (
                "https://hooks.example/T0/B0/x1",
                "https://hooks.example/***",
            ),
            ("https://gw?key=f00", "https://gw?***"),
            ("https://gw/#f00", "https://gw/***"),
            ("http://[::1]:80/", "http://[::1]:80/"),
            ("http://u:p@w@gw/", "http://***@gw/"),
            ("http://u:p/w@gw/", "***"),
            ("http://u:p\\w@gw/", "***"),
            ("http://a b/", "***"),
            ("https://gw:hunter2/", "***"),
            ("https://gw:80hunter2", "***"),
            ("https://gw:65536/", "***"),
            ("https://gw:+80/", "***"),
            ("https://u:p@gw:hunter2/", "***"),
            ("https://gw:80:hunter2/", "***"),
            ("http://[hunter2]/", "***"),
            ("http://[::1]hunter2/", "***"),
            ("http:///hunter2", "***"),
            ("http://gw:/x", "http://gw:/***"),
            ("f00", "***"),
            ("://f00", "***"),
        ] {
            let url = SecretUrl::from(text);
            assert_eq!(url.to_string(), expected, "{text}");
            assert_eq!(format!("{url:?}"), expected);
            assert_eq!(serde_json::to_value(&url).unwrap(), expected);
        }
    }
}
