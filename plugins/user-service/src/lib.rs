//! `user-service`: users, stored in the database.
//!
//! | | |
//! | --- | --- |
//! | config | [`UserServiceConfig`]: `users` |
//! | needs | [`Database`](plugin_contracts::Database) |
//! | provides | [`UserService`](plugin_contracts::UserService) |
//! | answers | [`UserLookup`](plugin_contracts::UserLookup) |
//!
//! The users in the config are the declared state: a user that is removed from it is disabled at
//! the next start, and changes are applied. The log reports both.
//!
//! Ids are compared exactly, whatever the database's collation is: a login name, a token and a
//! counter of failures mean the same user only if they are the same text.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod declared;
mod repository;

pub use config::{SeedUser, UserServiceConfig};
pub use plugin::Users;
