//! `database-plugin`: saves and queries rows in SQLite or MySQL.
//!
//! | | |
//! | --- | --- |
//! | config | [`DatabaseConfig`]: `driver`, `host`, `port`, `database`, `username`, `password`, `path`, `pool_size`, `connect_timeout`, `query_timeout`, `max_rows`, `max_result_bytes`, `max_value_bytes`, `remembered_saves`, `tables` |
//! | events in | `data.save`, in one transaction for all that wait; `data.query` |
//! | events out | `data.saved`, `data.query_result` |
//! | provides | [`Database`](plugin_contracts::Database) |
//!
//! The data is protected as follows:
//!
//! - Values are bound and never become part of a statement's text. The names in a `data.save` are
//!   looked up in the tables that the database really has, and the statement is built from the
//!   names that were found.
//! - The query of an event is parsed, and written anew from nodes that are on an allow list: one
//!   `SELECT` of the tables and columns in `tables`, with operators and functions that are known to
//!   be harmless. Everything else is refused, whatever it would do.
//! - The query runs where nothing can be written: for SQLite on a connection that was opened
//!   read-only, for a server in a read-only transaction. Access to other data of a server has to be
//!   prevented by the rights of its account: give the plugin a database and an account of its own,
//!   without `FILE`.
//! - A statement is ended at `query_timeout`. A result has at most `max_rows` rows and
//!   `max_result_bytes` bytes, a value of an event at most `max_value_bytes`.
//! - A session on a server sets its own `sql_mode` and charset, so that a value that does not fit
//!   is refused and not cut.
//!
//! A `data.save` that is delivered again, because its answer was lost or because its dead letter is
//! replayed, is recognized by the key of its event. The key is stored in the same transaction as
//! the row, for the last `remembered_saves` rows.
//!
//! Blobs are base64 in JSON. Columns of kind `json` accept any value and return its text.
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

/// The query of an event in the form in which it would run, and the number of values for its `?`.
/// It is for the fuzz target, and not part of the interface.
///
/// # Errors
///
/// Returns an error if the query is refused.
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
