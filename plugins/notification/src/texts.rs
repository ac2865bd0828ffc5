//! The texts of all messages, and the fields that each event supplies to its templates.

use plugin_contracts::{OrderCreated, User, UserWelcome};
use plugin_core::{Error, Result};

use crate::config::Templates;
use crate::plain;
use crate::template::Template;

const WELCOME_FIELDS: &[&str] = &["user_id", "name", "message"];
const ORDER_FIELDS: &[&str] = &["user_id", "name", "order_id", "total"];

/// The templates, parsed.
#[derive(Debug)]
pub(crate) struct Texts {
    welcome_subject: Template,
    welcome_body: Template,
    order_subject: Template,
    order_body: Template,
    order_sms: Template,
}

impl Texts {
    pub(crate) fn new(templates: &Templates) -> Result<Self> {
        let Templates { welcome, order } = templates;
        Ok(Self {
            welcome_subject: parse("welcome.subject", &welcome.subject, WELCOME_FIELDS)?,
            welcome_body: parse("welcome.body", &welcome.body, WELCOME_FIELDS)?,
            order_subject: parse("order.subject", &order.subject, ORDER_FIELDS)?,
            order_body: parse("order.body", &order.body, ORDER_FIELDS)?,
            order_sms: parse("order.sms", &order.sms, ORDER_FIELDS)?,
        })
    }

    /// Subject and text of a welcome.
    pub(crate) fn welcome(&self, user: &User, event: &UserWelcome) -> (String, String) {
        let (user_id, name) = (plain::line(&event.user_id), plain::line(&user.name));
        let values = [
            ("user_id", user_id.as_str()),
            ("name", &name),
            ("message", &event.message),
        ];
        (
            self.welcome_subject.render(&values),
            self.welcome_body.render(&values),
        )
    }

    /// Subject and text of a confirmation.
    pub(crate) fn order(&self, user: &User, event: &OrderCreated) -> (String, String) {
        with_order(user, event, |values| {
            (
                self.order_subject.render(values),
                self.order_body.render(values),
            )
        })
    }

    /// Text message of a confirmation.
    pub(crate) fn order_sms(&self, user: &User, event: &OrderCreated) -> String {
        with_order(user, event, |values| self.order_sms.render(values))
    }
}

fn parse(key: &str, text: &str, fields: &'static [&'static str]) -> Result<Template> {
    Template::parse(text, fields)
        .map_err(|error| Error::config(format!("`templates.{key}`")).because(error))
}

fn with_order<T>(
    user: &User,
    event: &OrderCreated,
    render: impl FnOnce(&[(&str, &str)]) -> T,
) -> T {
    let (user_id, name) = (plain::line(&event.user_id), plain::line(&user.name));
    let order_id = plain::line(&event.order_id);
    let total = format!("{}.{:02}", event.total_cents / 100, event.total_cents % 100);
    render(&[
        ("user_id", &user_id),
        ("name", &name),
        ("order_id", &order_id),
        ("total", &total),
    ])
}
