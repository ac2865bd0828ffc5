//! MySQL and MariaDB: one pool; queries run in transactions that are read-only.

use std::borrow::Cow;
use std::time::Duration;

use plugin_contracts::Row;
use plugin_core::Result;
use serde_json::{Number, Value};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, MySql, Row as _, Type, TypeInfo, ValueRef};

use crate::config::{ColumnKind, Limits, Server};
use crate::dialect::{Dialect, Done, Stopped, bind, collect};
use crate::param::{Param, bytes_to_json};
use crate::query::Grammar;
use crate::reach::Reach;

/// The SQL mode of the session, whatever the server's defaults are: a text that is too long or not
/// in the charset of its column is an error and not cut, `||` concatenates texts, dates are
/// validated, and a table is created with the requested engine.
const SQL_MODE: &str = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,\
    NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION,PIPES_AS_CONCAT";

/// Connects to the server.
///
/// # Errors
///
/// Returns an error if the server can't be reached, or refuses the connection.
pub(crate) async fn open(server: &Server, limits: Limits) -> Result<(Reach<MySql>, Reach<MySql>)> {
    let mut options = MySqlConnectOptions::new()
        .host(&server.host)
        .port(server.port)
        .database(&server.database)
        .charset("utf8mb4");
    if let Some(username) = &server.username {
        options = options.username(username);
    }
    if let Some(password) = &server.password {
        options = options.password(password.expose());
    }
    let place = format!("{}:{}", server.host, server.port);
    let pool = MySqlPoolOptions::new()
        .max_connections(limits.pool_size)
        .acquire_timeout(limits.connect)
        .after_connect(move |connection, _| Box::pin(set_session(connection, limits.query)))
        .connect_lazy_with(options);
    let writer = Reach::new(pool.clone(), place.clone());
    // The first connection shows why it could not be made.
    writer.lease(limits.query).await?.give_back();
    Ok((writer, Reach::new(pool, place)))
}

/// Dropping a future does not stop a statement on the server, so the server gets a limit. The two
/// servers have different names for it, and MySQL has it only for queries; other statements that
/// take long there wait for a lock.
async fn set_session(connection: &mut MySqlConnection, limit: Duration) -> sqlx::Result<()> {
    let version: String = sqlx::query_scalar("SELECT VERSION()")
        .fetch_one(&mut *connection)
        .await?;
    let statement = if version.contains("MariaDB") {
        format!("max_statement_time = {}", limit.as_secs_f64())
    } else {
        format!("max_execution_time = {}", limit.as_millis().max(1))
    };
    let lock = limit.as_secs().clamp(1, 86_400);
    let set = format!(
        "SET SESSION sql_mode = '{SQL_MODE}', {statement}, innodb_lock_wait_timeout = {lock}, \
         lock_wait_timeout = {lock}"
    );
    sqlx::query(AssertSqlSafe(set))
        .execute(connection)
        .await
        .map(drop)
}

/// Statements below this size fit into a packet of every server with default settings.
const SURELY_FITS: usize = 1 << 20;

/// Size of a packet in addition to the statement and its values: types, lengths and the header.
const PACKET_HEAD: usize = 1 << 10;

/// Refuses a statement that is larger than the server accepts. The server would close the
/// connection, which looks like a temporary failure, so the statement would be retried again and
/// again.
async fn check_packet(
    connection: &mut MySqlConnection,
    sql: &str,
    params: &[Param],
) -> sqlx::Result<()> {
    let bytes = sql.len() + params.iter().map(Param::size).sum::<usize>();
    if bytes < SURELY_FITS {
        return Ok(());
    }
    let most: u64 = sqlx::query_scalar("SELECT @@max_allowed_packet")
        .fetch_one(connection)
        .await?;
    if (bytes + PACKET_HEAD) as u64 <= most {
        return Ok(());
    }
    Err(sqlx::Error::InvalidArgument(format!(
        "the statement and its values have {bytes} bytes, and the server takes {most}: save less \
         at once, or raise `max_allowed_packet` of the server"
    )))
}

impl Dialect for MySql {
    const GRAMMAR: Grammar = Grammar::MySql;
    const IN_THIS_PROCESS: bool = false;
    const QUOTE: char = '`';
    const BEGIN: &'static str = "START TRANSACTION";
    const KEY: &'static str = "BIGINT AUTO_INCREMENT PRIMARY KEY";
    const EVENT_KEY: &'static str = "CHAR(36) CHARACTER SET ascii";
    const TABLE_OPTIONS: &'static str = " CHARACTER SET utf8mb4";
    const COLUMNS: &'static str = "SELECT table_name AS table_name, column_name AS column_name \
        FROM information_schema.columns WHERE table_schema = DATABASE()";
    const NARROW_COLUMNS: Option<&'static str> = Some(
        "SELECT c.table_name AS table_name, c.column_name AS column_name, \
        c.character_set_name AS charset \
        FROM information_schema.columns c JOIN information_schema.tables t \
        ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
        WHERE c.table_schema = DATABASE() AND t.table_type = 'BASE TABLE' \
        AND c.character_set_name NOT IN ('utf8mb4', 'utf16', 'utf16le', 'utf32') \
        ORDER BY c.table_name, c.ordinal_position",
    );

    fn column_type(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Text => "MEDIUMTEXT",
            ColumnKind::Integer => "BIGINT",
            ColumnKind::Real => "DOUBLE",
            ColumnKind::Blob => "LONGBLOB",
            ColumnKind::Json => "JSON",
        }
    }

    /// The session's own limits apply.
    async fn limit(_: &mut MySqlConnection, _: Duration) -> sqlx::Result<()> {
        Ok(())
    }

    async fn execute(
        connection: &mut MySqlConnection,
        sql: &str,
        params: Vec<Param>,
    ) -> sqlx::Result<Done> {
        check_packet(connection, sql, &params).await?;
        let done = bind::<Self>(sql, params).execute(connection).await?;
        Ok(Done {
            changed: done.rows_affected(),
            key: done.last_insert_id().try_into().unwrap_or(i64::MAX),
        })
    }

    async fn read(
        connection: &mut MySqlConnection,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> Result<Vec<Row>, Stopped> {
        let fits = check_packet(connection, sql, &params).await;
        fits.map_err(Stopped::Failed)?;
        let rows = bind::<Self>(sql, params).fetch(connection);
        collect(rows, limits, value).await
    }

    async fn query(
        connection: &mut MySqlConnection,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> Result<Vec<Row>, Stopped> {
        let begin = connection.begin_with("START TRANSACTION READ ONLY").await;
        let mut transaction = begin.map_err(Stopped::Failed)?;
        let found = Self::read(&mut transaction, sql, params, limits).await;
        if found.as_ref().err().is_none_or(Stopped::leaves_it_whole) {
            transaction.rollback().await.map_err(Stopped::Failed)?;
        }
        found
    }

    /// A server counts in seconds.
    async fn connect_in_haste(options: MySqlConnectOptions) -> sqlx::Result<MySqlConnection> {
        let mut connection = options.connect().await?;
        let haste = "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1";
        sqlx::query(haste).execute(&mut connection).await?;
        Ok(connection)
    }

    /// A read-only server refuses this transaction already.
    async fn probe(connection: &mut MySqlConnection) -> sqlx::Result<()> {
        let begin = connection.begin_with("START TRANSACTION READ WRITE").await;
        begin?.rollback().await
    }

    /// A plugin's table without a charset gets the charset for all texts, whatever the database's
    /// default is.
    fn portable(sql: &str) -> Cow<'_, str> {
        let words = sql.to_ascii_uppercase();
        let mut words = words.split_whitespace();
        let creates = words.next() == Some("CREATE") && words.next() == Some("TABLE");
        let copies = words.any(|word| matches!(word, "AS" | "SELECT" | "LIKE"));
        if creates && !copies && sql.trim_end().ends_with(')') {
            return Cow::Owned(format!("{sql}{}", Self::TABLE_OPTIONS));
        }
        Cow::Borrowed(sql)
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
        // Text in a collation such as `utf8mb4_bin`, which JSON columns have, has the same type
        // name.
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

/// `SUM` of integers is a decimal: it becomes a number if that loses no digits, otherwise text.
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

/// The server's binary form: the number of bytes; year, month, day; the time if it is not midnight;
/// the microseconds if there are any.
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
    fn report_b12_a_table_of_a_plugin_holds_every_text() {
        let made = MySql::portable("CREATE TABLE IF NOT EXISTS t (a VARCHAR(9))");
        assert!(
            made.ends_with("(a VARCHAR(9)) CHARACTER SET utf8mb4"),
            "{made}"
        );
        for left_alone in [
            "CREATE TABLE t (a INT) ENGINE=InnoDB",
            "CREATE TABLE t AS SELECT f(a)",
            "CREATE INDEX i ON t (a)",
        ] {
            assert_eq!(MySql::portable(left_alone), left_alone);
        }
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
