//! `user-service`: users, kept in the database.
//!
//! | | |
//! | --- | --- |
//! | config | [`UserServiceConfig`]: `users` |
//! | needs | [`Database`](plugin_contracts::Database) |
//! | provides | [`UserService`](plugin_contracts::UserService) |
//! | answers | [`UserLookup`](plugin_contracts::UserLookup) |
//!
//! Ids are compared letter by letter, whatever the database's collation says: a login name, a
//! token and a counter of failures mean the same user only when they are the same text.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod check;
mod repository;

pub use config::{SeedUser, UserServiceConfig};
pub use plugin::Users;
