//! The queries of events: one `SELECT` of the tables and columns that config lists, with the
//! operators and functions on an allow list.
//!
//! The text of an event never reaches the database. It is parsed with the grammar of the database,
//! and the statement that runs is written anew from the syntax tree, node by node: [`Writer`] can
//! write what is allowed, and refuses every other node. Therefore a difference between this parser
//! and the server's can't be exploited, and syntax that a later version of the parser supports is
//! refused until it is added here.
//!
//! - A table becomes `(SELECT <listed columns> FROM <table>)`: no other column exists in the query.
//! - Names are written in quotes, texts in quotes or as parameters, and numbers only if they are
//!   digits.
//! - Names of `WITH` are replaced by names that no table can have, so that they can't be confused
//!   with tables.
//!
//! The length, the number of words and the nesting are limited, because parsing and walking are
//! recursive.

use plugin_core::{Error, Result};
use serde_json::Value;
use sqlparser::dialect::{Dialect, MySqlDialect, SQLiteDialect};

use crate::param::Param;
use crate::schema::OpenTables;

mod calls;
mod expression;
mod functions;
mod limits;
mod names;
mod operators;
mod order;
mod select;
mod tables;
mod with;
mod words;
mod writer;

pub(crate) use words::single_select;

use writer::Writer;

/// The grammar of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Sqlite,
    MySql,
}

impl Grammar {
    fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Sqlite => &SQLiteDialect {},
            Self::MySql => &MySqlDialect {},
        }
    }
}

/// A query that was checked and written anew, with the values for its `?`.
#[derive(Debug, PartialEq)]
pub(crate) struct Checked {
    pub(crate) sql: String,
    pub(crate) params: Vec<Param>,
}

/// Checks the query of an event.
///
/// # Errors
///
/// Returns an error that says what is not allowed, if it is not a query of open tables.
pub(crate) fn check(
    grammar: Grammar,
    query: &str,
    given: &[Value],
    tables: &OpenTables,
) -> Result<Checked> {
    let query = words::parse(grammar, query)?;
    let mut writer = Writer::new(grammar, tables, given);
    writer.query(&query)?;
    writer.finish()
}

/// The error of a refused query. `why` continues the text "a query of an event".
fn refused(why: impl std::fmt::Display) -> Error {
    Error::external(format!("not a query: a query of an event {why}"))
}

/// The error for syntax that is not on the allow list.
fn not_allowed(what: impl std::fmt::Display) -> Error {
    refused(format_args!("may not use {what}"))
}

#[cfg(test)]
mod tests;
