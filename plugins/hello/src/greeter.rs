//! Sends welcomes, up to a limit, and with retries.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use plugin_contracts::UserWelcome;
use plugin_core::event::TryPublishError;
use plugin_core::prelude::*;

use crate::config::HelloConfig;

/// The pause before the first retry; each further pause is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends welcomes.
#[derive(Debug)]
pub(crate) struct Greeter {
    config: HelloConfig,
    welcome: Publisher<UserWelcome>,
    sent: AtomicU64,
}

impl Greeter {
    pub(crate) fn new(config: HelloConfig, welcome: Publisher<UserWelcome>) -> Self {
        Self {
            config,
            welcome,
            sent: AtomicU64::new(0),
        }
    }

    /// Welcomes a user, unless the limit is reached.
    ///
    /// # Errors
    ///
    /// Returns an error if there was no room for the welcome in any attempt, or if the system is
    /// stopping.
    pub(crate) async fn greet(&self, user_id: &str) -> Result<()> {
        let sent = self.sent.fetch_add(1, Relaxed);
        if sent >= self.config.max_notifications {
            if sent == self.config.max_notifications {
                tracing::warn!(
                    sent,
                    "`max_notifications` is reached: no more welcomes are sent"
                );
            }
            return Ok(());
        }
        self.send(UserWelcome {
            user_id: user_id.to_owned(),
            message: self.config.message.clone(),
        })
        .await
    }

    async fn send(&self, mut welcome: UserWelcome) -> Result<()> {
        let mut retries = (0..self.config.retry_count).map(|retry| PAUSE * (1 << retry.min(10)));
        loop {
            welcome = match self.welcome.try_publish(welcome) {
                Ok(()) => return Ok(()),
                Err(TryPublishError::Full(welcome)) => welcome,
                Err(error) => return Err(error.into()),
            };
            let Some(pause) = retries.next() else {
                return Err(Error::retriable(format!(
                    "no room for the welcome of `{}` after {} retries",
                    welcome.user_id, self.config.retry_count
                )));
            };
            tokio::time::sleep(pause).await;
        }
    }
}
