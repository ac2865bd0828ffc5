//! Sends e-mail and text messages when events ask for them.
//!
//! It handles `user.welcome` (an e-mail) and `order.created` (an e-mail, and a text message to
//! users who have a phone number), and requests `user.lookup` to find the address. An unknown user,
//! an invalid address or a refusal of a server is an error of that event only. Each message has its
//! own handler, so that retrying an e-mail does not send a text message again. While a server is
//! down, its messages wait in the store, because each handler has a circuit breaker.
//!
//! Config: `from`, `smtp` (host, port, username, password, tls, timeout), `sms` (url, token,
//! timeout), `concurrency`, `templates`. `handlers.NAME` sets the retries, and how many messages of
//! a kind are sent at the same time. Without `smtp` or `sms`, messages go to `outbox/new` below the
//! plugin's data directory: `*.eml` and `*.sms.json`, each complete.

#![forbid(unsafe_code)]

mod config;

mod plain;
mod template;
mod texts;

mod outbox;

mod email;
mod sms;

mod directory;
mod notifier;
mod plugin;

pub use config::{
    NotificationConfig, OrderTemplates, SmsConfig, SmtpConfig, Templates, Tls, WelcomeTemplates,
};
pub use email::{Email, Mailer};
pub use outbox::Outbox;
pub use plugin::Notification;
pub use sms::{TextMessage, Texter};
