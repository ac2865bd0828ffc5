//! Greets users who log in: the first example of a plugin.
//!
//! It handles `user.login` and publishes `user.welcome`; it handles `user.logout` and logs it.

#![forbid(unsafe_code)]

mod config;
mod greeter;

pub use config::HelloConfig;

use plugin_contracts::{UserLogin, UserLogout, UserWelcome};
use plugin_core::config::mask;
use plugin_core::prelude::*;

use greeter::Greeter;

/// Greets users who log in.
#[derive(Debug)]
pub struct Hello {
    greeter: Greeter,
}

/// Greets users who log in.
#[plugin(name = "hello-plugin", requires(plugin_logger::Logger = "^1"))]
impl Hello {
    #[init]
    fn init(Config(config): Config<HelloConfig>, welcome: Publisher<UserWelcome>) -> Result<Self> {
        tracing::info!(welcome = &*mask(&config.message), "hello is ready");
        Ok(Self {
            greeter: Greeter::new(config, welcome),
        })
    }

    #[subscribe]
    async fn login(&self, login: &UserLogin) -> Result<()> {
        tracing::info!(user_id = login.user_id, "user logged in");
        self.greeter.greet(&login.user_id).await
    }

    #[subscribe]
    async fn logout(&self, logout: &UserLogout) {
        tracing::info!(user_id = logout.user_id, "user logged out");
    }
}
