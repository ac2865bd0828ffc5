//! Settings, with a default for every key: without any, messages go to the outbox.

use std::num::NonZeroU16;

use plugin_core::config::{Period, Secret, SecretUrl};
use plugin_core::prelude::*;

use crate::texts::Texts;
use crate::{email, sms};

/// Settings of `notification-plugin`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, remote = "Self")]
pub struct NotificationConfig {
    /// Sender of e-mail: `name@example.com` or `Name <name@example.com>`.
    pub from: String,
    /// Mail server; without one, e-mail goes to the outbox.
    pub smtp: Option<SmtpConfig>,
    /// Gateway of text messages; without one, they go to the outbox.
    pub sms: Option<SmsConfig>,
    /// Most messages that are on their way at once, of all kinds together; without it, each kind
    /// has the `concurrency` of its handler alone.
    #[schemars(range(min = 1, max = 10_000))]
    pub concurrency: Option<NonZeroU16>,
    /// What is written.
    pub templates: Templates,
}

impl Default for NotificationConfig {
    fn default() -> Self {
        Self {
            from: "no-reply@localhost".to_owned(),
            smtp: None,
            sms: None,
            concurrency: None,
            templates: Templates::default(),
        }
    }
}

plugin_core::checked!(NotificationConfig, NotificationConfig::check);

impl NotificationConfig {
    /// Whether addresses, servers and templates are some.
    fn check(&self) -> Result<()> {
        Texts::new(&self.templates)?;
        email::check(&self.from, self.smtp.as_ref())?;
        self.sms.as_ref().map_or(Ok(()), sms::check)
    }
}

/// A mail server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// Name or address of the server.
    pub host: String,
    /// Port; the usual one of `tls` when it is left out: 25, 587 or 465.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<u16>,
    /// Who logs in; nobody when it is left out.
    #[serde(default)]
    pub username: Option<String>,
    /// Password of `username`.
    #[serde(default)]
    pub password: Option<Secret>,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: Tls,
    /// Time limit of one message, from the connection to the server's last word.
    #[serde(default = "ten_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "2m"))]
    pub timeout: Period,
}

/// How a connection to a mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Not at all: for a server on the same machine.
    None,
    /// It begins in the clear and must be upgraded before anything is sent.
    #[default]
    StartTls,
    /// From the first byte.
    Tls,
}

/// A gateway of text messages: it takes `POST` with JSON `{"to": …, "text": …}`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// Address, `http` or `https`. Only its host is ever shown: the rest may hold a key.
    pub url: SecretUrl,
    /// Sent as `Authorization: Bearer …`.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Time limit of one message.
    #[serde(default = "ten_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "2m"))]
    pub timeout: Period,
}

/// What is written. A field of the event stands in braces.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Templates {
    /// To a new user: `{user_id}`, `{name}`, `{message}`.
    pub welcome: WelcomeTemplates,
    /// To a user who ordered: `{user_id}`, `{name}`, `{order_id}`, `{total}`.
    pub order: OrderTemplates,
}

/// What a new user is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WelcomeTemplates {
    /// Subject of the e-mail.
    pub subject: String,
    /// Text of the e-mail.
    pub body: String,
}

impl Default for WelcomeTemplates {
    fn default() -> Self {
        Self {
            subject: "欢迎注册".to_owned(),
            body: "{message}\n".to_owned(),
        }
    }
}

/// What a user who ordered is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderTemplates {
    /// Subject of the e-mail.
    pub subject: String,
    /// Text of the e-mail.
    pub body: String,
    /// Text message, to users who have a phone.
    pub sms: String,
}

impl Default for OrderTemplates {
    fn default() -> Self {
        Self {
            subject: "订单确认 {order_id}".to_owned(),
            body: "{name}，您好！\n\n您的订单 {order_id} 已确认，总价 {total}。\n".to_owned(),
            sms: "您的订单 {order_id} 已确认，总价 {total}。".to_owned(),
        }
    }
}

fn ten_seconds() -> Period {
    Period::seconds(10)
}
