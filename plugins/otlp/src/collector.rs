//! The connection to the collector: one request after the other, each with a time limit.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use plugin_core::config::{Secret, SecretUrl, mask};
use plugin_core::{Error, Result};
use prost::Message;
use ureq::Agent;
use ureq::http::header::{CONTENT_TYPE, RETRY_AFTER};
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Response, Uri};

/// Most bytes of an answer that are read.
const LARGEST_ANSWER: u64 = 64 * 1024;

/// The kind of data that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Figures.
    Metrics,
}

impl Signal {
    fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }
}

/// A collector for one kind of data.
#[derive(Clone)]
pub struct Collector {
    agent: Agent,
    url: String,
    headers: HeaderMap,
}

/// The part of an accepted request that the collector rejected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejected {
    /// Number of rejected spans or metrics.
    pub count: u64,
    /// The reason. A collector may also send a message if it has accepted everything.
    pub reason: String,
}

impl Collector {
    /// A collector at a base address, such as `http://127.0.0.1:4318`, with headers for each
    /// request. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is not an `http` or `https` address, or if a header is
    /// invalid.
    pub fn new(
        endpoint: &SecretUrl,
        headers: &BTreeMap<String, Secret>,
        signal: Signal,
    ) -> Result<Self> {
        let is_base = endpoint.expose().parse().is_ok_and(|uri: Uri| {
            let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
            is_http && uri.authority().is_some() && uri.query().is_none()
        });
        if !is_base {
            let message = format!(
                "`otlp.endpoint`: `{endpoint}` is no address of a collector: write `http://` or \
                 `https://`, a host and a port"
            );
            return Err(Error::config(message));
        }
        let headers = headers.iter().map(|(name, value)| header(name, value));
        let mut headers: HeaderMap = headers.collect::<Result<_>>()?;
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-protobuf"),
        );
        // A redirect is not followed, because it would send the headers elsewhere.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false);
        Ok(Self {
            agent: config.build().into(),
            url: format!(
                "{}{}",
                endpoint.expose().trim_end_matches('/'),
                signal.path()
            ),
            headers,
        })
    }

    /// Sends one message, and returns the part that was rejected.
    ///
    /// # Errors
    ///
    /// A failed connection, an exceeded time limit, and the answers 429, 502, 503 and 504 are
    /// retriable, after the time in `Retry-After`; other unsuccessful answers are not.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message may or may not be accepted; the request continues
    /// until its time limit.
    pub async fn send(&self, message: &impl Message, within: Duration) -> Result<Rejected> {
        let (collector, body) = (self.clone(), message.encode_to_vec());
        tokio::task::spawn_blocking(move || collector.post(&body, within)).await?
    }

    fn post(&self, body: &[u8], within: Duration) -> Result<Rejected> {
        let request = self.agent.post(&self.url).config();
        let mut request = request.timeout_global(Some(within)).build();
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut response = request.send(body).map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        match status {
            200..=299 => {}
            429 | 502..=504 => {
                let error = Error::retriable(format!("it answered {status}"));
                return Err(match pause(&response) {
                    Some(pause) => error.after(pause),
                    None => error,
                });
            }
            _ => return Err(Error::external(format!("it answered {status}"))),
        }
        let body = response.body_mut().with_config().limit(LARGEST_ANSWER);
        let body = body.read_to_vec().map_err(|error| failed(&error))?;
        Ok(rejected(&body))
    }
}

/// Omits the address and the headers, which may contain keys.
impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

fn header(name: &str, value: &Secret) -> Result<(HeaderName, HeaderValue)> {
    let bad = |what| Error::config(format!("`otlp.headers`: `{}`: {what}", name.escape_debug()));
    let key = HeaderName::try_from(name).map_err(|_| bad("this is no name of a header"))?;
    let mut value = HeaderValue::try_from(value.expose())
        .map_err(|_| bad("its value has what no header can have"))?;
    value.set_sensitive(true);
    Ok((key, value))
}

/// The pause in a `Retry-After` in seconds.
fn pause<B>(response: &Response<B>) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// The error of a request without an answer. Some of the messages quote the address.
fn failed(error: &ureq::Error) -> Error {
    Error::retriable(mask(&error.to_string()).into_owned())
}

/// The rejected part in an answer. The answers for all kinds of data have the same form; an answer
/// that can't be read counts as accepting everything.
fn rejected(body: &[u8]) -> Rejected {
    let response = ExportTraceServiceResponse::decode(body).unwrap_or_default();
    let partial = response.partial_success.unwrap_or_default();
    Rejected {
        count: u64::try_from(partial.rejected_spans).unwrap_or_default(),
        reason: partial.error_message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collector(endpoint: &str, headers: &[(&str, &str)]) -> Result<Collector> {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()));
        Collector::new(&endpoint.into(), &headers.collect(), Signal::Traces)
    }

    #[test]
    fn an_address_and_headers_are_checked_before_anything_is_sent() {
        for endpoint in ["http://127.0.0.1:4318", "https://collector.example/base/"] {
            let good = collector(endpoint, &[("authorization", "Bearer x")]).unwrap();
            assert!(good.url.ends_with("/v1/traces") && !good.url.contains("//v1"));
        }
        for endpoint in [
            "collector:4317",
            "ftp://collector/",
            "http://collector/?a=b",
        ] {
            let error = collector(endpoint, &[]).unwrap_err().to_string();
            assert!(error.starts_with("`otlp.endpoint`: "), "{error}");
        }
        for header in [("a b", "c"), ("a", "f00\nd")] {
            let error = collector("http://host", &[header]).unwrap_err().to_string();
            assert!(error.starts_with("`otlp.headers`: "), "{error}");
            assert!(!error.contains("f00"), "{error}");
        }
    }
}
