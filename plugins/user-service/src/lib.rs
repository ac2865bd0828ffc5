//! `user-service`: users, kept in the database.
//!
//! | | |
//! | --- | --- |
//! | config | [`UserServiceConfig`]: `users` |
//! | needs | [`Database`](plugin_contracts::Database) |
//! | provides | [`UserService`](plugin_contracts::UserService) |
//! | answers | [`UserLookup`](plugin_contracts::UserLookup) |
//!
//! The config's users are the declared state: who is taken out of it is disabled at the next
//! start, and what changes there is taken over; the log tells of both.
//!
//! Ids are compared letter by letter, whatever the database's collation says: a login name, a
//! token and a counter of failures mean the same user only when they are the same text.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod declared;
mod repository;

pub use config::{SeedUser, UserServiceConfig};
pub use plugin::Users;
