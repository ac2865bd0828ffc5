//! The parts that differ between the drivers. Everything above is written once for both.

use std::borrow::Cow;
use std::future::Future;
use std::time::Duration;

use futures_util::{Stream, TryStreamExt, pin_mut};
use plugin_contracts::Row;
use plugin_core::counted;
use plugin_core::{Error, Result};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column, Connection, Database, Encode, Type};

use crate::config::{ColumnKind, Limits};
use crate::error::{self, classify};
use crate::param::{Param, size_of_value};
use crate::query::Grammar;

/// The effect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// How many rows it changed.
    pub(crate) changed: u64,
    /// Key of the row that was inserted last.
    pub(crate) key: i64,
}

/// The reason why not all rows were read.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The database failed.
    Failed(sqlx::Error),
    /// The rows exceed a limit or are invalid; the remaining ones were not read.
    Refused(Error),
}

impl Stopped {
    /// Whether the connection can be used again: the database has answered, and no data is left to
    /// read.
    pub(crate) fn leaves_it_whole(&self) -> bool {
        matches!(self, Self::Failed(error) if error::is_answer(error))
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed(error) => classify(error),
            Stopped::Refused(error) => error,
        }
    }
}

/// The differences between the databases.
pub(crate) trait Dialect: Database {
    /// The grammar of queries.
    const GRAMMAR: Grammar;
    /// Whether the database is not a server, so that a connection opens files of this machine.
    const IN_THIS_PROCESS: bool;
    /// The quotation mark around names.
    const QUOTE: char;
    /// The statement that begins a transaction that writes.
    const BEGIN: &'static str;
    /// Type of the key of a declared table.
    const KEY: &'static str;
    /// Type of the key of an event.
    const EVENT_KEY: &'static str;
    /// The text after the columns of a table.
    const TABLE_OPTIONS: &'static str;
    /// Finds all tables with their columns.
    const COLUMNS: &'static str;
    /// Finds columns that can't contain every text: table, column, and what they can contain.
    const NARROW_COLUMNS: Option<&'static str>;

    /// Type of a declared column.
    fn column_type(kind: ColumnKind) -> &'static str;

    /// Makes the database end the statements on this connection after `limit`.
    fn limit(
        connection: &mut Self::Connection,
        limit: Duration,
    ) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Runs a statement that returns no rows.
    fn execute(
        connection: &mut Self::Connection,
        sql: &str,
        params: Vec<Param>,
    ) -> impl Future<Output = sqlx::Result<Done>> + Send;

    /// Runs a statement that returns rows.
    fn read(
        connection: &mut Self::Connection,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> impl Future<Output = Result<Vec<Row>, Stopped>> + Send;

    /// Runs a statement that returns rows and can't write.
    fn query(
        connection: &mut Self::Connection,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> impl Future<Output = Result<Vec<Row>, Stopped>> + Send;

    /// A connection on which no statement waits long for a lock.
    fn connect_in_haste(
        options: <Self::Connection as Connection>::Options,
    ) -> impl Future<Output = sqlx::Result<Self::Connection>> + Send;

    /// Checks whether the database answers, and would accept a write, as far as that is visible
    /// without writing.
    fn probe(connection: &mut Self::Connection) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// A plugin's statement, which is written for both databases, in the form that this one needs.
    fn portable(sql: &str) -> Cow<'_, str>;
}

/// A statement with its values bound. Its text was written by [`crate::query`] or
/// [`crate::schema`], or by a plugin.
pub(crate) fn bind<DB>(sql: &str, params: Vec<Param>) -> Query<'static, DB, DB::Arguments>
where
    DB: Database,
    i64: Encode<'static, DB> + Type<DB>,
    f64: Encode<'static, DB> + Type<DB>,
    String: Encode<'static, DB> + Type<DB>,
    Vec<u8>: Encode<'static, DB> + Type<DB>,
    Option<String>: Encode<'static, DB> + Type<DB>,
{
    let query = sqlx::query(AssertSqlSafe(sql));
    params.into_iter().fold(query, |query, param| match param {
        Param::Null => query.bind(None::<String>),
        Param::Integer(integer) => query.bind(integer),
        Param::Real(real) => query.bind(real),
        Param::Text(text) => query.bind(text),
        Param::Blob(bytes) => query.bind(bytes),
    })
}

/// Reads rows one by one, up to limits on their number and size.
pub(crate) async fn collect<R: sqlx::Row>(
    rows: impl Stream<Item = sqlx::Result<R>> + Send,
    limits: Limits,
    value: fn(&R, usize) -> sqlx::Result<serde_json::Value>,
) -> Result<Vec<Row>, Stopped> {
    pin_mut!(rows);
    let (mut found, mut bytes) = (Vec::new(), 0_usize);
    while let Some(row) = rows.try_next().await.map_err(Stopped::Failed)? {
        if found.len() == limits.rows {
            return Err(Stopped::Refused(Error::external(format!(
                "the query finds more than {}, as many as `max_rows` allows: add a `LIMIT`",
                counted(limits.rows, "row")
            ))));
        }
        let row = named(&row, value)?;
        bytes += row
            .iter()
            .map(|(name, value)| name.len() + size_of_value(value))
            .sum::<usize>();
        if bytes > limits.result_bytes {
            return Err(Stopped::Refused(Error::external(format!(
                "the query finds more than {} bytes, as many as `max_result_bytes` allows: ask for \
                 fewer rows or columns",
                limits.result_bytes
            ))));
        }
        found.push(row);
    }
    Ok(found)
}

/// A row becomes an object, so each name must occur only once.
fn named<R: sqlx::Row>(
    row: &R,
    value: fn(&R, usize) -> sqlx::Result<serde_json::Value>,
) -> Result<Row, Stopped> {
    let mut named = Row::new();
    for (index, column) in row.columns().iter().enumerate() {
        let value = value(row, index).map_err(Stopped::Failed)?;
        if named.insert(column.name().to_owned(), value).is_some() {
            return Err(Stopped::Refused(Error::external(format!(
                "two columns of the result are named `{0}`: name one of them otherwise, with `AS`",
                column.name()
            ))));
        }
    }
    Ok(named)
}
