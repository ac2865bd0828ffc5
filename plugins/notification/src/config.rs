//! Settings, with a default for every key. With the defaults, messages go to the outbox.

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
    /// Mail server. Without it, e-mails go to the outbox.
    pub smtp: Option<SmtpConfig>,
    /// Gateway of text messages. Without it, text messages go to the outbox.
    pub sms: Option<SmsConfig>,
    /// Most messages of all kinds together that are being sent at the same time. Without this key,
    /// only the `concurrency` of each handler limits them.
    #[schemars(range(min = 1, max = 10_000))]
    pub concurrency: Option<NonZeroU16>,
    /// The texts of the messages.
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
    /// Checks addresses, servers and templates.
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
    /// Port. By default, it is the usual one for `tls`: 25, 587 or 465.
    #[serde(default)]
    #[schemars(range(min = 1, max = 65_535))]
    pub port: Option<u16>,
    /// Name of the user at the server. Without it, there is no login.
    #[serde(default)]
    pub username: Option<String>,
    /// Password of `username`.
    #[serde(default)]
    pub password: Option<Secret>,
    /// How the connection is secured.
    #[serde(default)]
    pub tls: Tls,
    /// Time limit of one message, from the connection to the last answer of the server.
    #[serde(default = "ten_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "2m"))]
    pub timeout: Period,
}

/// How a connection to a mail server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// It is not secured. This is for a server on the same machine.
    None,
    /// It begins unencrypted, and must be upgraded before anything is sent.
    #[default]
    StartTls,
    /// It is encrypted from the first byte.
    Tls,
}

/// A gateway of text messages, which accepts `POST` requests with JSON `{"to": …, "text": …}`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SmsConfig {
    /// Address, `http` or `https`. Only its host is ever shown, because the rest may contain a key.
    pub url: SecretUrl,
    /// Sent as `Authorization: Bearer …`.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Time limit of one message.
    #[serde(default = "ten_seconds")]
    #[schemars(extend("x-min" = "1ms", "x-max" = "2m"))]
    pub timeout: Period,
}

/// The texts of the messages. Fields of the event are written in braces.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Templates {
    /// To a new user: `{user_id}`, `{name}`, `{message}`.
    pub welcome: WelcomeTemplates,
    /// To a user who ordered: `{user_id}`, `{name}`, `{order_id}`, `{total}`.
    pub order: OrderTemplates,
}

/// The message to a new user.
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

/// The messages to a user who ordered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderTemplates {
    /// Subject of the e-mail.
    pub subject: String,
    /// Text of the e-mail.
    pub body: String,
    /// Text message, for users who have a phone number.
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
