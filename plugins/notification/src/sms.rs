//! Text messages: sent to an HTTP gateway if there is one, otherwise written to the outbox.

use std::time::{Duration, SystemTime};

use plugin_core::config::mask;
use plugin_core::{Error, ErrorExt, Result};
use serde::Serialize;
use ureq::Agent;
use ureq::http::Uri;

use crate::config::SmsConfig;
use crate::outbox::Outbox;
use crate::plain;

/// A text message with its receiver, as the gateway's JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextMessage {
    /// Number of the receiver.
    pub to: String,
    /// Text.
    pub text: String,
}

/// Sends text messages.
#[derive(Debug)]
pub struct Texter(SmsRoute);

#[derive(Debug)]
enum SmsRoute {
    Http(Gateway),
    Outbox(Outbox),
}

#[derive(Debug, Clone)]
struct Gateway {
    agent: Agent,
    config: SmsConfig,
}

impl Texter {
    /// Prepares to send, without connecting yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the gateway's address is invalid.
    pub fn new(config: Option<&SmsConfig>, outbox: Outbox) -> Result<Self> {
        let route = match config {
            Some(config) => SmsRoute::Http(Gateway::new(config)?),
            None => SmsRoute::Outbox(outbox),
        };
        Ok(Self(route))
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// A failed connection, an exceeded time limit, and the answers 408, 429 and 5xx are retriable,
    /// after the time in the answer's `Retry-After`. Every other unsuccessful answer is not, and
    /// neither is a `to` that is not a number.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the message may or may not have been sent.
    pub async fn send(&self, message: TextMessage) -> Result<()> {
        if !plain::is_number(&message.to) {
            return Err(Error::external(format!(
                "`{}` is no telephone number",
                message.to.escape_debug()
            )));
        }
        let message = TextMessage {
            text: plain::text(&message.text),
            ..message
        };
        match &self.0 {
            SmsRoute::Http(gateway) => {
                let gateway = gateway.clone();
                tokio::task::spawn_blocking(move || gateway.post(&message))
                    .await?
                    .context("can't send a text message")
            }
            SmsRoute::Outbox(outbox) => {
                let json = serde_json::to_vec(&message)?;
                outbox.put("sms.json", json).await.map(drop)
            }
        }
    }
}

/// Checks the gateway of a config.
///
/// # Errors
///
/// Returns an error if its address or its token is invalid.
pub(crate) fn check(config: &SmsConfig) -> Result<()> {
    Gateway::new(config).map(drop)
}

impl Gateway {
    fn new(config: &SmsConfig) -> Result<Self> {
        let good = config.url.expose().parse().is_ok_and(|uri: Uri| {
            uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        if !good {
            let message = format!(
                "`sms.url`: `{}` is no http(s) address: write `http://` or `https://` and a host",
                config.url
            );
            return Err(Error::config(message));
        }
        if (config.token.as_ref()).is_some_and(|token| plain::is_foul(token.expose())) {
            let message = "`sms.token`: a token has no control characters, nor ends of lines";
            return Err(Error::config(message));
        }
        Ok(Self {
            agent: agent(config.timeout.get()),
            config: config.clone(),
        })
    }

    fn post(&self, message: &TextMessage) -> Result<()> {
        let mut request = self.agent.post(self.config.url.expose());
        if let Some(token) = &self.config.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        let response = request
            .send_json(message)
            .map_err(|error| classify(&error))?;
        let after = response.headers().get("retry-after");
        let after = after.and_then(|value| value.to_str().ok()).and_then(pause);
        accepted(response.status().as_u16(), after)
    }
}

/// A redirect is not followed, because it would send the token elsewhere.
fn agent(timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false);
    config.build().into()
}

fn accepted(status: u16, after: Option<Duration>) -> Result<()> {
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500..=599 => {
            let error = Error::retriable(format!("the gateway answered {status}"));
            Err(match after {
                Some(after) => error.after(after),
                None => error,
            })
        }
        _ => Err(Error::external(format!("the gateway answered {status}"))),
    }
}

/// The pause in a `Retry-After`: seconds, or a time of day.
fn pause(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value.trim()).ok()?;
    Some(at.duration_since(SystemTime::now()).unwrap_or_default())
}

fn classify(error: &ureq::Error) -> Error {
    let passing = matches!(
        error,
        ureq::Error::Io(_)
            | ureq::Error::Timeout(_)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Protocol(_)
    );
    // Some errors quote the address.
    let text = mask(&error.to_string()).into_owned();
    if passing {
        Error::retriable(text)
    } else {
        Error::external(text)
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::ErrorKind;

    use super::*;

    #[test]
    fn answers_are_classified() {
        assert!(accepted(202, None).is_ok());
        for (status, retriable) in [
            (302, false),
            (400, false),
            (401, false),
            (429, true),
            (503, true),
        ] {
            let error = accepted(status, None).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::External { retriable }, "{status}");
        }
    }

    #[test]
    fn report_d_a_gateway_says_when_to_come_again() {
        let minute = Some(Duration::from_secs(60));
        assert_eq!(pause(" 60"), minute);
        assert_eq!(accepted(429, minute).unwrap_err().retry_after(), minute);
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        let soon = pause(&soon).unwrap().as_secs();
        assert!((90..=100).contains(&soon), "{soon}");
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!((pause("soon"), pause("-1")), (None, None));
    }

    #[tokio::test]
    async fn report_a11_a_text_message_has_no_control_characters_and_its_number_is_one() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().to_owned()).unwrap();
        let texter = Texter::new(None, outbox.clone()).unwrap();
        let message = |to: &str| TextMessage {
            to: to.to_owned(),
            text: "a\r\nb\rc\u{1a}\u{1b}".to_owned(),
        };
        texter.send(message("+1 555")).await.unwrap();
        let mut files = std::fs::read_dir(outbox.new_messages()).unwrap();
        let text = std::fs::read_to_string(files.next().unwrap().unwrap().path()).unwrap();
        assert_eq!(text, r#"{"to":"+1 555","text":"a\nb\nc"}"#);
        for to in ["1\r2", "", "x"] {
            let error = texter.send(message(to)).await.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::External { retriable: false },
                "{to:?}"
            );
        }
    }

    #[tokio::test]
    async fn without_a_gateway_messages_go_to_the_outbox() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().to_owned()).unwrap();
        let message = TextMessage {
            to: "+861380000".to_owned(),
            text: "您好".to_owned(),
        };
        let texter = Texter::new(None, outbox.clone()).unwrap();
        texter.send(message).await.unwrap();
        let mut files = std::fs::read_dir(outbox.new_messages()).unwrap();
        let path = files.next().unwrap().unwrap().path();
        assert!(path.to_str().unwrap().ends_with(".sms.json"));
        assert_eq!(
            std::fs::read_to_string(path).unwrap(),
            r#"{"to":"+861380000","text":"您好"}"#
        );
    }

    #[test]
    fn a_bad_address_is_the_operators() {
        for url in ["", "gateway", "ftp://gateway/", "/sms"] {
            let config = SmsConfig {
                url: url.into(),
                token: None,
                timeout: plugin_core::config::Period::seconds(1),
            };
            let error = Gateway::new(&config).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        }
    }
}
