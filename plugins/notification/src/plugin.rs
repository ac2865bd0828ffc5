//! The plugin: two handlers in front of a notifier.

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
        Ok(Self { notifier })
    }

    /// How many run at once is up to the notifier, whose bound the config sets.
    ///
    /// Durable, so that no message is lost by a crash: at worst it is sent twice.
    #[subscribe(durable, concurrency = 64, retry = 3, backoff = "1s")]
    async fn welcome(&self, event: &UserWelcome) -> Result<()> {
        self.notifier.welcome(event).await?;
        tracing::info!(user_id = event.user_id, "welcome sent");
        Ok(())
    }

    #[subscribe(durable, concurrency = 64, retry = 3, backoff = "1s")]
    async fn confirm(&self, event: &OrderCreated) -> Result<()> {
        self.notifier.confirm(event).await?;
        tracing::info!(order_id = event.order_id, "order confirmed");
        Ok(())
    }
}
