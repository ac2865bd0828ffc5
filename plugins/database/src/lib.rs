//! `database-plugin`: saves and queries rows in SQLite or MySQL.
//!
//! | | |
//! | --- | --- |
//! | config | [`DatabaseConfig`]: `driver`, `host`, `port`, `database`, `username`, `password`, `path`, `pool_size`, `connect_timeout`, `query_timeout`, `max_rows`, `tables` |
//! | events in | `data.save`, in one transaction for all that wait; `data.query` |
//! | events out | `data.saved`, `data.query_result` |
//! | provides | [`Database`](plugin_contracts::Database) |
//!
//! What keeps the data safe:
//!
//! - Values are bound, never pasted. Names of an event are looked up in the tables that the
//!   database really has; the statement is built of what was found.
//! - A query is one `SELECT` without comments, on a connection that can't write.
//! - Events reach the tables that `tables` lists. Those that plugins make for themselves, through
//!   the service, are closed to events. What else a MySQL server holds is closed by what its
//!   account is granted: give the plugin a database and an account of its own, without `FILE`.
//! - A query ends at `query_timeout`, and returns at most `max_rows` rows.
//!
//! Blobs are base64 in JSON. Columns of kind `json` take any value and give back its text. A
//! database on a server is to be made with `CHARACTER SET utf8mb4`.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod backend;
mod dialect;
mod error;
mod mysql;
mod param;
mod schema;
mod sqlite;
mod statement;
mod store;

pub use config::{ColumnKind, DatabaseConfig, Driver, Tables};
pub use plugin::SqlDatabase;
