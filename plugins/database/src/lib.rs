//! `database-plugin`: saves and queries rows in SQLite or MySQL.
//!
//! | | |
//! | --- | --- |
//! | config | [`DatabaseConfig`]: `driver`, `host`, `port`, `database`, `username`, `password`, `path`, `pool_size`, `connect_timeout`, `query_timeout`, `max_rows`, `max_result_bytes`, `max_value_bytes`, `remembered_saves`, `tables` |
//! | events in | `data.save`, in one transaction for all that wait; `data.query` |
//! | events out | `data.saved`, `data.query_result` |
//! | provides | [`Database`](plugin_contracts::Database) |
//!
//! What keeps the data safe:
//!
//! - Values are bound, never pasted. Names of a `data.save` are looked up in the tables that the
//!   database really has; the statement is built of what was found.
//! - The query of an event is parsed, and written anew from the nodes that are on an allow list:
//!   one `SELECT` of the tables and columns that `tables` lists, with operators and functions that
//!   are known to be harmless. Everything else is refused, without a look at what it might do.
//! - It runs where nothing can be written: on SQLite a connection that was opened read-only, on a
//!   server a read-only transaction. What else a server holds is closed by what its account is
//!   granted: give the plugin a database and an account of its own, without `FILE`.
//! - A statement is ended at `query_timeout`. A result has at most `max_rows` rows and
//!   `max_result_bytes` bytes, a value of an event at most `max_value_bytes`.
//! - A session on a server sets its own `sql_mode` and charset: what does not fit is refused, not
//!   cut.
//!
//! What keeps it whole: a `data.save` that is delivered again, because its answer was lost or
//! because its dead letter is replayed, is known by the key of its event, which is kept in the same
//! transaction as the row, for the last `remembered_saves` rows.
//!
//! Blobs are base64 in JSON. Columns of kind `json` take any value and give back its text.
#![forbid(unsafe_code)]

mod config;
mod plugin;

mod backend;
mod dialect;
mod error;
mod health;
mod memory;
mod mysql;
mod param;
mod query;
mod reach;
mod schema;
mod sqlite;
mod store;

pub use config::{ColumnKind, DatabaseConfig, Driver, Tables};
pub use plugin::SqlDatabase;

/// The query of an event as it would run, and how many values its `?` have, for the fuzz target: no
/// part of the interface.
///
/// # Errors
///
/// When the query is refused.
#[doc(hidden)]
pub fn rewritten(
    is_mysql: bool,
    query: &str,
    given: &[serde_json::Value],
    tables: &[(&str, &[&str])],
) -> plugin_core::Result<(String, usize)> {
    let grammar = match is_mysql {
        true => query::Grammar::MySql,
        false => query::Grammar::Sqlite,
    };
    let columns = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let tables = tables
        .iter()
        .map(|(name, names)| ((*name).to_owned(), columns(names)));
    let checked = query::check(grammar, query, given, &tables.collect())?;
    Ok((checked.sql, checked.params.len()))
}
