//! Sends e-mail and text messages when events ask for them.
//!
//! It hears `user.welcome` (an e-mail) and `order.created` (an e-mail, and a text message to who
//! has a phone), and asks `user.lookup` to find the address. An unknown user, a bad address or a
//! server's refusal is an error of that event alone. Each message is the work of a handler of its
//! own, so that an e-mail which is tried again sends no text message again. While a server is down,
//! its messages wait in the store: each handler has a circuit breaker.
//!
//! Config: `from`, `smtp` (host, port, username, password, tls, timeout), `sms` (url, token,
//! timeout), `concurrency`, `templates`; how often is tried again, and how many messages of a kind
//! are sent at once, is up to `handlers.NAME`. Without `smtp` or `sms`, messages go to `outbox/new`
//! below the plugin's data directory: `*.eml` and `*.sms.json`, each whole.

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
