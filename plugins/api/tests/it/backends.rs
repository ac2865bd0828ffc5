//! Plugins that are made up: who logs in, who there is, and who hears of orders.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::SystemTime;

use plugin_contracts::{Auth, AuthError, NewUser, OrderCreated, Session, User, UserService};
use plugin_core::prelude::*;
use tokio::sync::Notify;

/// A login as `slow` says here that it has begun, and waits here until it may go on.
pub(crate) static BEGUN: Notify = Notify::const_new();
pub(crate) static GO_ON: Notify = Notify::const_new();

/// Logs everyone in with the password `secret`.
#[derive(Default)]
pub(crate) struct Gatekeeper {
    revoked: Mutex<HashSet<String>>,
}

#[plugin(name = "gatekeeper", provides(Auth))]
impl Gatekeeper {
    #[init]
    fn init() -> Result<Self> {
        Ok(Self::default())
    }
}

#[service]
impl Auth for Gatekeeper {
    async fn login(
        &self,
        user_id: &str,
        password: &str,
        _: Option<&str>,
    ) -> Result<String, AuthError> {
        if user_id == "slow" {
            BEGUN.notify_one();
            GO_ON.notified().await;
        }
        match password {
            "secret" => Ok(format!("token-of-{user_id}")),
            _ => Err(AuthError::Credentials),
        }
    }

    async fn logout(&self, token: &str) -> Result<(), AuthError> {
        self.revoked.lock().unwrap().insert(token.to_owned());
        Ok(())
    }

    async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        let revoked = self.revoked.lock().unwrap().contains(token);
        let user_id = token.strip_prefix("token-of-").filter(|_| !revoked);
        Ok(Session {
            user_id: user_id.ok_or(AuthError::Token)?.to_owned(),
            expires: SystemTime::now(),
        })
    }
}

/// Knows `ada`.
pub(crate) struct People;

#[plugin(name = "people", provides(UserService))]
impl People {
    #[init]
    fn init() -> Result<Self> {
        Ok(Self)
    }
}

#[service]
impl UserService for People {
    async fn find(&self, id: &str) -> Result<Option<User>> {
        Ok((id == "ada").then(|| User {
            id: id.to_owned(),
            name: "Ada".to_owned(),
            email: "ada@shop.example".to_owned(),
            phone: None,
        }))
    }

    async fn password_hash(&self, _: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn create(&self, _: NewUser) -> Result<()> {
        Err(Error::bug("nobody is created here"))
    }

    async fn set_password_hash(&self, _: &str, _: &str) -> Result<()> {
        Err(Error::bug("nobody is changed here"))
    }
}

/// Hears of orders; with that of the number `hold` it waits until it may go on.
pub(crate) struct Orders;

/// Lets the order `hold` go on.
pub(crate) static RELEASE: Notify = Notify::const_new();

#[plugin(name = "orders")]
impl Orders {
    #[init]
    fn init() -> Result<Self> {
        Ok(Self)
    }

    #[subscribe]
    async fn order(&self, order: &OrderCreated) {
        if order.order_id == "hold" {
            RELEASE.notified().await;
        }
    }
}
