//! Backends that are made up.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use plugin_contracts::{Auth, AuthError, NewUser, Session, User, UserService};
use plugin_core::{Error, Result, service};

/// Logs `ada` in with the password `secret`; her token is `token of ada`.
#[derive(Default)]
pub(super) struct FakeAuth {
    revoked: Mutex<HashSet<String>>,
    pub(super) from: Mutex<Option<String>>,
}

#[service]
impl Auth for FakeAuth {
    async fn login(
        &self,
        user_id: &str,
        password: &str,
        ip: Option<&str>,
    ) -> Result<String, AuthError> {
        *self.from.lock().unwrap_or_else(PoisonError::into_inner) = ip.map(str::to_owned);
        match (user_id, password) {
            ("ada", "secret") => Ok("token-of-ada".to_owned()),
            ("mallory", _) => Err(AuthError::RateLimited {
                retry_after: Duration::from_secs(7),
            }),
            ("broken", _) => Err(AuthError::Failed(Error::external("db password is hunter2"))),
            _ => Err(AuthError::Credentials),
        }
    }

    async fn logout(&self, token: &str) -> Result<(), AuthError> {
        self.revoked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(token.to_owned());
        Ok(())
    }

    async fn verify(&self, token: &str) -> Result<Session, AuthError> {
        let revoked = self
            .revoked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(token);
        let user_id = token
            .strip_prefix("token-of-")
            .filter(|_| !revoked)
            .ok_or(AuthError::Token)?;
        Ok(Session {
            user_id: user_id.to_owned(),
            expires: SystemTime::now(),
        })
    }
}

/// Knows `ada` and `bob`; fails for `broken`.
pub(super) struct FakeUsers;

#[service]
impl UserService for FakeUsers {
    async fn find(&self, id: &str) -> Result<Option<User>> {
        match id {
            "broken" => Err(Error::external("db password is hunter2")),
            "ada" | "bob" => Ok(Some(User {
                id: id.to_owned(),
                name: id.to_owned(),
                email: format!("{id}@shop.example"),
                phone: None,
            })),
            _ => Ok(None),
        }
    }

    async fn password_hash(&self, _: &str) -> Result<Option<String>> {
        unreachable!("the interface never asks for a hash")
    }

    async fn create(&self, _: NewUser) -> Result<()> {
        unreachable!("the interface creates nobody")
    }

    async fn set_password_hash(&self, _: &str, _: &str) -> Result<()> {
        unreachable!("the interface changes no password")
    }
}
