//! What a driver has to bring; everything above it is written once for both.

use std::future::Future;

use futures_util::{Stream, TryStreamExt, pin_mut};
use plugin_contracts::Row;
use plugin_core::{Error, Result};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Column, Database, Encode, Pool, Type};

use crate::config::{ColumnKind, Limits};
use crate::error::classify;
use crate::param::Param;

/// What a statement did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Done {
    /// How many rows it changed.
    pub(crate) changed: u64,
    /// Key of the row that it inserted last.
    pub(crate) key: i64,
}

/// The differences between the databases.
pub(crate) trait Dialect: Database {
    /// Stands around names.
    const QUOTE: char;
    /// Begins a transaction that writes.
    const BEGIN: &'static str;
    /// Type of the key of a declared table.
    const KEY: &'static str;
    /// What follows the columns of a declared table.
    const TABLE_OPTIONS: &'static str;
    /// Finds all tables with their columns.
    const COLUMNS: &'static str;

    /// Type of a declared column.
    fn column_type(kind: ColumnKind) -> &'static str;

    /// Runs a statement that returns no rows.
    fn execute(
        connection: &mut Self::Connection,
        sql: &str,
        params: Vec<Param>,
    ) -> impl Future<Output = sqlx::Result<Done>> + Send;

    /// Runs a statement that returns rows on a connection that can't write.
    fn query(
        pool: &Pool<Self>,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send;
}

/// A statement with its values bound. The text is one that [`crate::statement`] or
/// [`crate::schema`] made sure of, or that of a plugin.
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

/// Reads rows up to a bound; of two columns with the same name the last one stays.
pub(crate) async fn collect<R: sqlx::Row>(
    rows: impl Stream<Item = sqlx::Result<R>> + Send,
    most: usize,
    value: fn(&R, usize) -> sqlx::Result<serde_json::Value>,
) -> Result<Vec<Row>> {
    pin_mut!(rows);
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.map_err(classify)? {
        if found.len() == most {
            return Err(Error::external(format!(
                "the query finds more than {most} rows, as many as `max_rows` allows: add a `LIMIT`"
            )));
        }
        let columns = row.columns().iter().enumerate();
        let row: sqlx::Result<Row> = columns
            .map(|(index, column)| Ok((column.name().to_owned(), value(&row, index)?)))
            .collect();
        found.push(row.map_err(classify)?);
    }
    Ok(found)
}
