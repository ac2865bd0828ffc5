//! Sends welcomes: not more than so many, and patiently.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use plugin_contracts::UserWelcome;
use tokio::sync::mpsc::{self, error::TrySendError};

use crate::config::HelloConfig;
use crate::error::{Error, Result};

/// The pause before the first retry; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends welcomes.
#[derive(Debug)]
pub(crate) struct Greeter {
    config: HelloConfig,
    welcome: mpsc::Sender<UserWelcome>,
    sent: AtomicU64,
}

impl Greeter {
    pub(crate) fn new(config: HelloConfig, welcome: mpsc::Sender<UserWelcome>) -> Self {
        Self {
            config,
            welcome,
            sent: AtomicU64::new(0),
        }
    }

    /// Welcomes a user, unless enough users were welcomed.
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
            welcome = match self.welcome.try_send(welcome) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(welcome)) => welcome,
                Err(TrySendError::Closed(_)) => return Err(Error::Closed),
            };
            let Some(pause) = retries.next() else {
                return Err(Error::Full {
                    user_id: welcome.user_id,
                    retries: self.config.retry_count,
                });
            };
            tokio::time::sleep(pause).await;
        }
    }
}
