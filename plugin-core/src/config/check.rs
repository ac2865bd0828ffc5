//! Checks for values that have the same meaning in the config of several plugins, for use with
//! [`checked!`](crate::checked).

use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path};

use super::mask::mask;
use crate::error::{Error, Result};

/// Checks the path of a file: it ends in a name and does not contain `..`, so that a relative path
/// stays below the directory that it is relative to.
///
/// # Errors
///
/// Returns an error that names `key` if `path` is not such a path.
pub fn path(key: &str, path: &Path) -> Result<()> {
    let text = path.to_string_lossy();
    let is_file = matches!(path.components().next_back(), Some(Component::Normal(_)))
        && !text.ends_with(['/', std::path::MAIN_SEPARATOR]);
    let is_plain = !path.components().any(|part| part == Component::ParentDir)
        && !text.contains(char::is_control);
    if is_file && is_plain {
        return Ok(());
    }
    Err(refuse(
        key,
        &text,
        "is no path of a file: write one with a name at its end, without `..` and control characters",
    ))
}

/// Checks the name or address of a host, without a scheme, user or port.
///
/// # Errors
///
/// Returns an error that names `key` if `host` is not such a name or address.
pub fn host(key: &str, host: &str) -> Result<()> {
    let is_char = |char: char| char.is_ascii_alphanumeric() || ".-_".contains(char);
    let is_name = (1..=253).contains(&host.len()) && host.chars().all(is_char);
    if is_name || host.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err(refuse(
        key,
        host,
        "is no host: write its name or IP address, without a scheme, a user or a port",
    ))
}

/// Checks the names or addresses of hosts, as [`host`] does.
///
/// # Errors
///
/// Returns an error that names `key`, and the place of the first one that is neither.
pub fn hosts(key: &str, hosts: &[String]) -> Result<()> {
    let mut numbered = hosts.iter().enumerate();
    numbered.try_for_each(|(at, name)| host(&format!("{key}[{at}]"), name))
}

/// Checks an address to listen on: the name or address of a host, and a port.
///
/// # Errors
///
/// Returns an error that names `key` if `address` is not such an address.
pub fn address(key: &str, address: &str) -> Result<()> {
    let is_named = address.rsplit_once(':').is_some_and(|(name, port)| {
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        is_port && !name.contains(':') && host(key, name).is_ok()
    });
    if is_named || address.parse::<SocketAddr>().is_ok() {
        return Ok(());
    }
    Err(refuse(
        key,
        address,
        "is no address to listen on: write host and port, such as `127.0.0.1:8080` or `[::1]:8080`",
    ))
}

fn refuse(key: &str, value: &str, what: &str) -> Error {
    let value = mask(value);
    Error::config(format!("`{key}`: `{}` {what}", value.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_c5_an_address_has_a_host_and_a_port() {
        for good in ["127.0.0.1:0", "[::1]:8080", "localhost:80", "0.0.0.0:65535"] {
            assert!(address("a", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "localhost",
            ":80",
            "1.2.3.4:",
            "a:65536",
            "http://u:p@h/",
            "::1:80",
            "a b:1",
            "a:+1",
        ] {
            let error = address("a", bad).unwrap_err().to_string();
            assert!(
                error.starts_with("`a`: ") && !error.contains("u:p"),
                "{error}"
            );
        }
    }
}
