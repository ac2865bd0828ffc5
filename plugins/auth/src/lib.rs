//! `auth-plugin`: checks passwords, issues and revokes tokens.
//!
//! | | |
//! | --- | --- |
//! | config | [`AuthConfig`]: `secret`, `token_ttl`, `failures`, `users`, `allow_weak_passwords` |
//! | needs | [`Cache`](plugin_contracts::Cache), [`Database`](plugin_contracts::Database), [`UserService`](plugin_contracts::UserService) |
//! | events out | `user.login`, `user.logout` |
//! | schedules | `forget_revoked`, every hour: removes revoked tokens that expired long ago |
//! | provides | [`Auth`](plugin_contracts::Auth) |
//!
//! Accounts are protected as follows:
//!
//! - The users in the config are the declared state: a user who is not listed any more can't log
//!   in.
//! - Passwords are stored as argon2id hashes. A login of an unknown user needs the same work as one
//!   with a wrong password, and gets the same answer. Two hashes are computed at the same time, 64
//!   wait, and further ones are refused.
//! - A token is signed with HMAC-SHA256. It expires, and it becomes invalid with every change of
//!   its account. A revoked token is recorded in the database, so that a restart does not make it
//!   valid again.
//! - An attempt is counted before the password is checked, and taken back if the password was
//!   right: a thousand guesses at the same time are no more than the limit allows. A client that
//!   guesses has to wait, but a user who has logged in before from elsewhere does not.
//! - The key of the signature is from the config, or is created once and kept in the data
//!   directory, readable only by its owner.
//! - Logins, logouts and refusals are recorded in the audit log.
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
