//! `auth-plugin`: checks passwords, issues and revokes tokens.
//!
//! | | |
//! | --- | --- |
//! | config | [`AuthConfig`]: `secret`, `token_ttl`, `failures`, `users`, `allow_weak_passwords` |
//! | needs | [`Cache`](plugin_contracts::Cache), [`Database`](plugin_contracts::Database), [`UserService`](plugin_contracts::UserService) |
//! | events out | `user.login`, `user.logout` |
//! | schedules | `forget_revoked`, every hour: forgets revoked tokens that are over for long |
//! | provides | [`Auth`](plugin_contracts::Auth) |
//!
//! What keeps accounts safe:
//!
//! - The config's users are the declared state: who is not listed any more can't log in.
//! - Passwords are kept as argon2id hashes. A login of a user who is not there costs the same
//!   work as one with a wrong password, and gets the same answer. Two hashes are made at once,
//!   64 wait, and the rest is sent away.
//! - A token is signed with HMAC-SHA256 and ends by itself, and with any change of its account. A
//!   revoked one is remembered in the database, so that a restart does not bring it back.
//! - An attempt is counted before the password is looked at and given back when it was right:
//!   a thousand guesses at once are not one guess more than the limit. Who guesses has to wait,
//!   and nobody who logged in before from elsewhere.
//! - The key of the signature comes from the config, or is made once and kept in the data
//!   directory, readable by its owner alone.
//! - Logins, log-outs and what is refused stand in the audit log.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod accounts;
mod attempts;
mod generations;
mod key;
mod known;
mod ledger;
mod origin;
mod password;
mod revocation;
mod stored;
mod strength;
mod token;
mod trail;

pub use config::{Account, AuthConfig, Failures};
pub use plugin::Authenticator;
