//! The answers on one connection, taken apart again.

use serde_json::Value;

/// Every header that an answer of the interface may have.
const HEADERS: &[&str] = &[
    "allow",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "retry-after",
    "traceparent",
    "transfer-encoding",
    "www-authenticate",
];

const STATUSES: &[u16] = &[
    100, 200, 202, 204, 400, 401, 403, 404, 405, 408, 413, 414, 415, 422, 429, 431, 503,
];

/// Checks that there is nothing but whole answers, each of a known kind.
pub(crate) fn check(bytes: &[u8]) {
    let mut rest = bytes;
    while !rest.is_empty() {
        rest = answer(rest);
    }
}

/// Checks the first answer and returns what follows it.
fn answer(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("a whole head");
    let (head, rest) = (&bytes[..end], &bytes[end + 4..]);
    let head = std::str::from_utf8(head).expect("ASCII");
    let mut lines = head.split("\r\n");
    let line = lines.next().expect("the first line");
    let status = line
        .strip_prefix("HTTP/1.1 ")
        .or(line.strip_prefix("HTTP/1.0 "));
    let status: u16 = status
        .and_then(|it| it.get(..3)?.parse().ok())
        .expect("a status");
    assert!(STATUSES.contains(&status), "{head}");
    let fields: Vec<(&str, &str)> = lines
        .map(|line| line.split_once(": ").expect("a name and a value"))
        .collect();
    for (name, value) in &fields {
        assert!(HEADERS.contains(name), "{head}");
        assert!(!value.chars().any(char::is_control), "{head:?}");
    }
    let field = |wanted| {
        fields
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| *value)
    };
    let length: usize = field("content-length").map_or(0, |it| it.parse().expect("a length"));
    // What answers a `HEAD` tells the length of a body that is not there.
    if status == 100 || rest.starts_with(b"HTTP/1.") || rest.is_empty() {
        return rest;
    }
    let (body, rest) = rest.split_at(length);
    // Without a span, it is the protocol that was wrong, and nobody was asked.
    if field("traceparent").is_some() && status >= 400 {
        assert_eq!(
            field("content-type"),
            Some("application/problem+json"),
            "{head}"
        );
        let problem: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(problem["status"], status);
        assert!(
            problem["detail"].as_str().is_some_and(|it| !it.is_empty()),
            "{problem}"
        );
    }
    rest
}
