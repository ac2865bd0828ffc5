//! MySQL and MariaDB: one pool; queries run in transactions that are read-only.

use std::time::Duration;

use plugin_contracts::Row;
use plugin_core::Result;
use serde_json::{Number, Value};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, MySql, Row as _, Type, TypeInfo, ValueRef};

use crate::config::{ColumnKind, Limits, Server};
use crate::dialect::{Dialect, Done, bind, collect};
use crate::error::classify;
use crate::param::{Param, bytes_to_json};

/// Connects to the server.
///
/// # Errors
///
/// When it can't be reached or refuses.
pub(crate) async fn open(server: &Server, limits: Limits) -> Result<MySqlPool> {
    let mut options = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .database(&server.database);
    if let Some(username) = &server.username {
        options = options.username(username);
    }
    if let Some(password) = &server.password {
        options = options.password(password.expose());
    }
    MySqlPoolOptions::new()
        .max_connections(limits.pool_size)
        .acquire_timeout(limits.connect)
        .after_connect(move |connection, _| Box::pin(limit_statements(connection, limits.query)))
        .connect_with(options)
        .await
        .map_err(|error| {
            let what = format!("can't connect to `{}:{}`", server.host, server.port);
            classify(error).context(what)
        })
}

/// Dropping a future does not stop a statement on the server: its own limit does. The two
/// servers name it differently.
async fn limit_statements(connection: &mut MySqlConnection, limit: Duration) -> sqlx::Result<()> {
    let version: String = sqlx::query_scalar("SELECT VERSION()")
        .fetch_one(&mut *connection)
        .await?;
    let limit = if version.contains("MariaDB") {
        format!("SET SESSION max_statement_time = {}", limit.as_secs_f64())
    } else {
        format!("SET SESSION max_execution_time = {}", limit.as_millis())
    };
    sqlx::query(AssertSqlSafe(limit))
        .execute(connection)
        .await
        .map(drop)
}

impl Dialect for MySql {
    const QUOTE: char = '`';
    const BEGIN: &'static str = "START TRANSACTION";
    const KEY: &'static str = "BIGINT AUTO_INCREMENT PRIMARY KEY";
    const TABLE_OPTIONS: &'static str = " CHARACTER SET utf8mb4";
    const COLUMNS: &'static str = "SELECT table_name AS table_name, column_name AS column_name \
        FROM information_schema.columns WHERE table_schema = DATABASE()";

    fn column_type(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Text => "TEXT",
            ColumnKind::Integer => "BIGINT",
            ColumnKind::Real => "DOUBLE",
            ColumnKind::Blob => "LONGBLOB",
            ColumnKind::Json => "JSON",
        }
    }

    async fn execute(
        connection: &mut MySqlConnection,
        sql: &str,
        params: Vec<Param>,
    ) -> sqlx::Result<Done> {
        let done = bind::<Self>(sql, params).execute(connection).await?;
        Ok(Done {
            changed: done.rows_affected(),
            key: done.last_insert_id().try_into().unwrap_or(i64::MAX),
        })
    }

    async fn query(
        pool: &MySqlPool,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> Result<Vec<Row>> {
        let begin = pool.begin_with("START TRANSACTION READ ONLY").await;
        let mut transaction = begin.map_err(classify)?;
        let rows = bind::<Self>(sql, params).fetch(&mut *transaction);
        let found = collect(rows, limits.rows, value).await?;
        transaction.rollback().await.map_err(classify)?;
        Ok(found)
    }
}

fn value(row: &MySqlRow, index: usize) -> sqlx::Result<Value> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().into_owned();
    Ok(match kind.name() {
        "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => {
            row.try_get_unchecked::<i64, _>(index)?.into()
        }
        "BIT" => row.try_get_unchecked::<u64, _>(index)?.into(),
        name if name.ends_with("UNSIGNED") => row.try_get_unchecked::<u64, _>(index)?.into(),
        "FLOAT" | "DOUBLE" => row.try_get_unchecked::<f64, _>(index)?.into(),
        "DECIMAL" => decimal(row.try_get_unchecked(index)?),
        "DATE" | "DATETIME" | "TIMESTAMP" => {
            Value::String(timestamp(&row.try_get_unchecked::<Vec<u8>, _>(index)?))
        }
        "TIME" | "GEOMETRY" => return Err(no_json(kind.name())),
        // Text in a collation like `utf8mb4_bin`, which JSON columns have, is named so as well.
        name if is_blob(name) && !<String as Type<MySql>>::compatible(&kind) => {
            bytes_to_json(row.try_get_unchecked(index)?)
        }
        _ => Value::String(row.try_get_unchecked(index)?),
    })
}

fn is_blob(name: &str) -> bool {
    name.ends_with("BLOB") || name.ends_with("BINARY")
}

fn no_json(kind: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("a {kind} has no JSON form: write `CAST(… AS CHAR)`").into())
}

/// `SUM` of integers is a decimal: a number where that loses nothing, else text.
fn decimal(text: String) -> Value {
    if let Ok(integer) = text.parse::<i64>() {
        return integer.into();
    }
    let number = text.parse().ok().and_then(Number::from_f64);
    match number.filter(|number| number.to_string() == text.trim_end_matches('0')) {
        Some(number) => Value::Number(number),
        None => Value::String(text),
    }
}

/// The server's binary form: how many bytes follow; year, month, day; the time if it is not
/// midnight; the microseconds if there are any.
fn timestamp(bytes: &[u8]) -> String {
    let byte = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let year = u16::from_le_bytes([byte(1), byte(2)]);
    let date = format!("{year:04}-{:02}-{:02}", byte(3), byte(4));
    let time = format!("{date} {:02}:{:02}:{:02}", byte(5), byte(6), byte(7));
    let micros = u32::from_le_bytes([byte(8), byte(9), byte(10), byte(11)]);
    match byte(0) {
        0..=4 => date,
        5..=7 => time,
        _ => format!("{time}.{micros:06}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_decimal_is_a_number_where_nothing_is_lost() {
        assert_eq!(decimal("42".into()), json!(42));
        assert_eq!(decimal("1.50".into()), json!(1.5));
        let long = "0.12345678901234567890123";
        assert_eq!(decimal(long.into()), json!(long));
    }

    #[test]
    fn a_timestamp_reads_as_sql_writes_it() {
        assert_eq!(timestamp(&[4, 0xe7, 0x07, 3, 9]), "2023-03-09");
        assert_eq!(
            timestamp(&[7, 0xe7, 0x07, 3, 9, 1, 2, 3]),
            "2023-03-09 01:02:03"
        );
        assert_eq!(
            timestamp(&[11, 0xe7, 0x07, 3, 9, 1, 2, 3, 5, 0, 0, 0]),
            "2023-03-09 01:02:03.000005"
        );
    }
}
