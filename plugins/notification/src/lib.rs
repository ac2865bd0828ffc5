//! Sends e-mail and text messages.
#![forbid(unsafe_code)]
mod config;
mod email;
mod local;
mod outbox;
mod sms;
mod template;
pub use config::*;
pub use email::{Email, Mailer};
pub use outbox::Outbox;
pub use sms::{TextMessage, Texter};
pub use template::{Template, TemplateError};
