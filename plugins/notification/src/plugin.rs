//! The plugin: a handler for each message, which calls a notifier.

use std::sync::Arc;

use plugin_contracts::{OrderCreated, UserLookup, UserWelcome};
use plugin_core::prelude::*;

use crate::config::NotificationConfig;
use crate::notifier::Notifier;
use crate::outbox::Outbox;

/// Sends e-mail and text messages.
#[derive(Debug)]
pub struct Notification {
    notifier: Notifier,
    /// Present if messages go to the outbox.
    outbox: Option<Outbox>,
}

/// Sends e-mail and text messages.
#[plugin(name = "notification-plugin")]
impl Notification {
    #[init]
    fn init(
        Config(config): Config<NotificationConfig>,
        users: Requester<UserLookup>,
        data: DataDir,
    ) -> Result<Self> {
        let outbox = Outbox::open(data.path().join("outbox"))?;
        let way = |server: bool| if server { "server" } else { "outbox" };
        tracing::info!(
            email = way(config.smtp.is_some()),
            sms = way(config.sms.is_some()),
            "messages have a way out"
        );
        let notifier = Notifier::new(&config, Arc::new(users), &outbox)?;
        let is_used = config.smtp.is_none() || config.sms.is_none();
        let outbox = is_used.then_some(outbox);
        Ok(Self { notifier, outbox })
    }

    #[health]
    fn health(&self) -> Health {
        match self.outbox.as_ref().map(Outbox::present) {
            Some(Err(error)) => Health::Unavailable(error.to_string()),
            _ => Health::Healthy,
        }
    }

    /// The handler is durable, so that a crash loses no message: at worst, it is sent twice. The
    /// servers' `timeout` limits the sending; this time limit leaves time to wait for a place, if
    /// `concurrency` in the config limits all messages together.
    #[subscribe(
        durable,
        concurrency = 4,
        timeout = "5m",
        retry = 3,
        backoff = "1s",
        breaker = 3,
        open_for = "5s"
    )]
    async fn welcome(&self, event: &UserWelcome) -> Result<()> {
        self.notifier.welcome(event).await?;
        tracing::info!(user_id = event.user_id, "welcome sent");
        Ok(())
    }

    #[subscribe(
        durable,
        concurrency = 4,
        timeout = "5m",
        retry = 3,
        backoff = "1s",
        breaker = 3,
        open_for = "5s"
    )]
    async fn confirm(&self, event: &OrderCreated) -> Result<()> {
        self.notifier.confirm_by_mail(event).await?;
        tracing::info!(order_id = event.order_id, "order confirmed by e-mail");
        Ok(())
    }

    #[subscribe(
        durable,
        concurrency = 4,
        timeout = "5m",
        retry = 3,
        backoff = "1s",
        breaker = 3,
        open_for = "5s"
    )]
    async fn confirm_by_text(&self, event: &OrderCreated) -> Result<()> {
        if self.notifier.confirm_by_text(event).await? {
            tracing::info!(order_id = event.order_id, "order confirmed by text message");
        }
        Ok(())
    }
}
