//! Settings of `auth-plugin`.

use std::num::NonZeroU32;

use plugin_contracts::User;
use plugin_core::config::{Period, Secret};
use plugin_core::counted;
use plugin_core::prelude::*;

use crate::key;
use crate::password::LONGEST;
use crate::strength::{SHORTEST, is_weak};

/// Settings of `auth-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, remote = "Self")]
pub struct AuthConfig {
    /// Key that signs tokens, at least 32 bytes, for several processes that accept each other's
    /// tokens. Without it, a key is created at the first start and kept in the data directory. A
    /// different key makes all tokens invalid.
    pub secret: Option<Secret>,
    /// How long a token is valid, including existing tokens; at most one year.
    #[schemars(extend("x-min" = "1s", "x-max" = "366d"))]
    pub token_ttl: Period,
    /// The consequences of failed logins.
    pub failures: Failures,
    /// Users who can log in. At the start, missing users are created, and changes of password, name
    /// and addresses are applied. A user who was listed before and is not listed any more is
    /// disabled: nobody can log in as this user, and the tokens become invalid. A change makes the
    /// tokens of a user invalid as well.
    pub users: Vec<Account>,
    /// Accept passwords that are short or equal to the user's id. This is for trying things out on
    /// an address that only this machine can reach. Without it, such passwords are refused in
    /// `users`, and also for users that are stored in another way, as far as their passwords are
    /// known to be weak.
    pub allow_weak_passwords: bool,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            secret: None,
            token_ttl: Period::seconds(12 * 60 * 60),
            failures: Failures::default(),
            users: Vec::new(),
            allow_weak_passwords: false,
        }
    }
}

plugin_core::checked!(AuthConfig, AuthConfig::check);

impl AuthConfig {
    /// Checks that all users can be stored, and that their passwords are not weak.
    ///
    /// # Errors
    ///
    /// Returns an error that names the first mistake. It does not reveal anything about a password
    /// or key.
    pub(crate) fn check(&self) -> Result<()> {
        let bytes = self.secret.as_ref().map(|secret| secret.expose().len());
        if let Some(bytes) = bytes.filter(|bytes| *bytes < key::SHORTEST) {
            let least = key::SHORTEST;
            return Err(Error::config(format!(
                "`secret`: has {}, and needs {least}: write one from `openssl rand -base64 32`, or none",
                counted(bytes, "byte")
            )));
        }
        let users: Vec<User> = self.users.iter().map(Account::user).collect();
        User::check_all("users", &users)?;
        for (at, account) in self.users.iter().enumerate() {
            let password = account.password.expose();
            let fault = match password.len() {
                0 => "it is empty".to_owned(),
                bytes if bytes > LONGEST => format!("a password has at most {LONGEST} bytes"),
                _ if account.is_weak() && !self.allow_weak_passwords => format!(
                    "it is weak: take one of {SHORTEST} bytes or more that is not made of the id, the name, a common word, a sequence or a repetition, or set `allow_weak_passwords`"
                ),
                _ => continue,
            };
            let id = &account.id;
            return Err(Error::config(format!(
                "`users[{at}].password`: the password of user `{id}` can't be taken: {fault}"
            )));
        }
        Ok(())
    }
}

/// The consequences of failed logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Failures {
    /// How long failures are remembered after the end of the last pause, and the longest pause; at
    /// most one day.
    #[schemars(extend("x-min" = "1s", "x-max" = "1d"))]
    pub window: Period,
    /// Number of failures of one user from one address that have no consequence. Each further
    /// failure causes a pause: 1 s, then doubled each time, at most `window`; but at most 30 s at
    /// an address from which that user has logged in during the last 90 days.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub per_user: NonZeroU32,
    /// Number of failures of one user in a window, from all addresses from which that user has not
    /// logged in during the last 90 days. When they are used up, one further attempt becomes
    /// possible each time that `window` divided by this number has passed.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub per_user_total: NonZeroU32,
    /// Number of failures from one address in a window, of all users who have not logged in from
    /// there during the last 90 days. They become possible again in the same way. The addresses of
    /// an IPv6 network of 64 bits count as one.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub per_ip: NonZeroU32,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            window: Period::seconds(15 * 60),
            per_user: const { NonZeroU32::new(10).expect("10 is not zero") },
            per_user_total: const { NonZeroU32::new(100).expect("100 is not zero") },
            per_ip: const { NonZeroU32::new(100).expect("100 is not zero") },
        }
    }
}

/// A user who can log in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Id with which the user logs in.
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    /// Name of the user.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Address for mail.
    #[schemars(length(min = 1, max = 255))]
    pub email: String,
    /// Number for text messages.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    pub phone: Option<String>,
    /// Password, at most 1024 bytes.
    pub password: Secret,
}

impl Account {
    pub(crate) fn user(&self) -> User {
        User {
            id: self.id.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
        }
    }

    /// Whether the password is easy to guess.
    pub(crate) fn is_weak(&self) -> bool {
        let mailbox = self.email.split('@').next().unwrap_or_default();
        is_weak(&[&self.id, &self.name, mailbox], self.password.expose())
    }
}
