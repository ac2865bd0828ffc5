//! What `plugins/hello` does, without the kernel: the same config, events and texts, on bare tokio.
//!
//! `cargo xtask build-time` compares the time that the compiler takes for the two. So it has what
//! the kernel gives that plugin and it would miss: a config that is read with the place of a
//! mistake and has a schema, a bounded mailbox, a worker with a time limit and a guard against
//! panics for each event, counts, and a stop that handles what was accepted. It has no rights, no
//! audit, no traces, no dead letters.

#![forbid(unsafe_code)]

mod config;
mod error;
mod greeter;
mod service;
#[cfg(test)]
mod tests;
mod worker;

pub use config::HelloConfig;
pub use error::{Error, Result};
pub use service::{Service, ServiceInfo};
pub use worker::{Counts, Handle, TryPublishError};

use std::sync::Arc;
use std::time::Duration;

use plugin_contracts::{UserLogin, UserLogout, UserWelcome};
use serde_json::Value;
use tokio::sync::mpsc;

use greeter::Greeter;

/// An event that [`Hello`] hears.
#[derive(Debug)]
pub enum Event {
    /// A user has logged in.
    Login(UserLogin),
    /// A user has logged out.
    Logout(UserLogout),
}

/// Greets users who log in.
#[derive(Debug)]
pub struct Hello {
    greeter: Greeter,
}

impl Hello {
    /// Starts it with a config, and a time limit for the handling of an event. Welcomes go to
    /// `welcome`.
    ///
    /// # Errors
    ///
    /// When the config is wrong.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn start(
        config: Value,
        welcome: mpsc::Sender<UserWelcome>,
        limit: Duration,
    ) -> Result<Handle> {
        Self::init(config, welcome).map(|hello| Handle::start(hello, limit))
    }

    async fn login(&self, login: &UserLogin) -> Result<()> {
        tracing::info!(user_id = login.user_id, "user logged in");
        self.greeter.greet(&login.user_id).await
    }

    async fn logout(&self, logout: &UserLogout) {
        tracing::info!(user_id = logout.user_id, "user logged out");
    }
}

impl Service for Hello {
    const INFO: ServiceInfo = ServiceInfo {
        name: "hello-plugin",
        version: env!("CARGO_PKG_VERSION"),
        description: "Greets users who log in.",
        needs: &["logger-plugin"],
        config: config::schema,
    };

    type Event = Event;

    fn init(config: Value, welcome: mpsc::Sender<UserWelcome>) -> Result<Self> {
        let config = HelloConfig::read(config)?;
        tracing::info!(welcome = config.message, "hello is ready");
        Ok(Self {
            greeter: Greeter::new(config, welcome),
        })
    }

    async fn handle(self: Arc<Self>, event: Event) -> Result<()> {
        match event {
            Event::Login(login) => self.login(&login).await,
            Event::Logout(logout) => {
                self.logout(&logout).await;
                Ok(())
            }
        }
    }
}
