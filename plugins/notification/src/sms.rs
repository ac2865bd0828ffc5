//! Text messages: to an HTTP gateway when there is one, else to the outbox.

use std::time::Duration;

use plugin_core::config::mask;
use plugin_core::{Error, ErrorExt, Result};
use serde::Serialize;
use ureq::Agent;
use ureq::http::Uri;

use crate::config::SmsConfig;
use crate::outbox::Outbox;

/// What is sent to whom, as the gateway's JSON has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TextMessage {
    /// Number of the receiver.
    pub to: String,
    /// Text.
    pub text: String,
}

/// Sends text messages.
#[derive(Debug)]
pub struct Texter(Route);

#[derive(Debug)]
enum Route {
    Http(Gateway),
    Outbox(Outbox),
}

#[derive(Debug, Clone)]
struct Gateway {
    agent: Agent,
    config: SmsConfig,
}

impl Texter {
    /// Prepares to send; connects to nobody yet.
    ///
    /// # Errors
    ///
    /// When the gateway's address is none.
    pub fn new(config: Option<&SmsConfig>, outbox: Outbox) -> Result<Self> {
        let route = match config {
            Some(config) => Route::Http(Gateway::new(config)?),
            None => Route::Outbox(outbox),
        };
        Ok(Self(route))
    }

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// A failed connection, a time limit, and an answer that asks for patience (408, 429, 5xx)
    /// are worth another try; every other answer that is no success is not.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, the message may or may not have been sent.
    pub async fn send(&self, message: TextMessage) -> Result<()> {
        match &self.0 {
            Route::Http(gateway) => {
                let gateway = gateway.clone();
                tokio::task::spawn_blocking(move || gateway.post(&message))
                    .await?
                    .context("can't send a text message")
            }
            Route::Outbox(outbox) => {
                let json = serde_json::to_vec(&message)?;
                outbox.put("sms.json", json).await.map(drop)
            }
        }
    }
}

impl Gateway {
    fn new(config: &SmsConfig) -> Result<Self> {
        let good = config.url.expose().parse().is_ok_and(|uri: Uri| {
            uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
        });
        if !good {
            let message = format!("`sms.url`: `{}` is no http(s) address", config.url);
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
        accepted(response.status().as_u16())
    }
}

/// A redirect is not followed: it would take the token somewhere else.
fn agent(timeout: Duration) -> Agent {
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false);
    config.build().into()
}

fn accepted(status: u16) -> Result<()> {
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500..=599 => Err(Error::retriable(format!("the gateway answered {status}"))),
        _ => Err(Error::external(format!("the gateway answered {status}"))),
    }
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
    // Some of them quote the address.
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
        assert!(accepted(202).is_ok());
        for (status, retriable) in [
            (302, false),
            (400, false),
            (401, false),
            (429, true),
            (503, true),
        ] {
            let error = accepted(status).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::External { retriable }, "{status}");
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
