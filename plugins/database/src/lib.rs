//! Saves and queries rows in SQLite or MySQL.
#![forbid(unsafe_code)]

mod backend;
mod config;
mod dialect;
mod error;
mod mysql;
mod param;
mod schema;
mod sqlite;
mod stand_in;
mod statement;
mod store;

pub use config::{ColumnKind, DatabaseConfig, Driver, Tables};
