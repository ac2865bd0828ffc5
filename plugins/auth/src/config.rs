//! Settings of `auth-plugin`.

use std::num::NonZeroU32;

use plugin_core::config::{Period, Secret};
use plugin_core::prelude::*;

/// Settings of `auth-plugin`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// Key that signs tokens, at least 32 bytes: for several processes that accept each other's
    /// tokens. Without it one is made at the first start and kept in the data directory.
    pub secret: Option<Secret>,
    /// How long a token is good for.
    pub token_ttl: Period,
    /// How many failed logins are too many.
    pub failures: Failures,
    /// Users who can log in: created when they are absent, and given this password when it is
    /// not theirs. To take one out of this list does not delete it.
    pub users: Vec<Account>,
    /// Accept passwords in `users` that are short or the user's own id: for trying things out on
    /// an address that only this machine reaches.
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

/// How many failed logins are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Failures {
    /// How long failures are counted together, from the first one on.
    pub window: Period,
    /// Most failures of one user in a window.
    pub per_user: NonZeroU32,
    /// Most failures from one address in a window; the addresses of an IPv6 network of 64 bits
    /// count as one.
    pub per_ip: NonZeroU32,
}

impl Default for Failures {
    fn default() -> Self {
        Self {
            window: Period::seconds(15 * 60),
            per_user: const { NonZeroU32::new(10).expect("10 is not zero") },
            per_ip: const { NonZeroU32::new(100).expect("100 is not zero") },
        }
    }
}

/// A user who can log in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Key, which is what the user logs in with.
    pub id: String,
    /// What the user is called.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// Where text messages go.
    #[serde(default)]
    pub phone: Option<String>,
    /// Password.
    pub password: Secret,
}
