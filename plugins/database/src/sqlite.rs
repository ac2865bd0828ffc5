//! SQLite: one connection for writing, and a pool of read-only connections.

use std::borrow::Cow;
use std::path::Path;
use std::time::{Duration, Instant};

use plugin_contracts::Row;
use plugin_core::{Error, Result, owned, regular};
use serde_json::Value;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row as _, Sqlite, TypeInfo, ValueRef};

use crate::config::{ColumnKind, Limits};
use crate::dialect::{Dialect, Done, Stopped, bind, collect};
use crate::error::classify;
use crate::param::{Param, bytes_to_json};
use crate::query::Grammar;
use crate::reach::Reach;

/// Number of SQLite's machine steps between two checks of the time.
const STEPS_PER_LOOK: i32 = 1000;

/// Longest wait of a statement for the lock of another process. Temporary failures are retried, so
/// a stop in between does not wait longer.
const LOCKED: Duration = Duration::from_secs(2);

/// How long the health check waits for the lock of others.
const HASTE: Duration = Duration::from_millis(300);

/// Number of rows that wait for the reader; each is a copy of its values.
const ROWS_IN_HAND: usize = 8;

/// Opens the file, which is created if it does not exist, for writing and for reading.
///
/// # Errors
///
/// Returns an error if the file can't be opened.
pub(crate) async fn open(path: &Path, limits: Limits) -> Result<(Reach<Sqlite>, Reach<Sqlite>)> {
    let refused = |path: &Path, error| {
        Error::config(format!("can't open `{}`", path.display())).because(error)
    };
    make_file(path).map_err(|error| refused(path, error))?;
    // SQLite opens these files itself.
    for ending in ["-wal", "-shm", "-journal"] {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        let beside = Path::new(&beside);
        regular::check(beside).map_err(|error| refused(beside, error))?;
    }
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(limits.connect.min(LOCKED))
        .row_buffer_size(ROWS_IN_HAND)
        .pragma("trusted_schema", "OFF");
    // There can be only one writer anyway. It is kept open, so that the additional files of the
    // database, which readers need and can't create, exist as long as the pool.
    let writer = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(limits.connect)
        .connect_with(
            options
                .clone()
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal),
        )
        .await
        .map_err(|error| classify(error).context(format!("can't open `{}`", path.display())))?;
    let reader = SqlitePoolOptions::new()
        .max_connections(limits.pool_size)
        .acquire_timeout(limits.connect)
        .connect_with(options.read_only(true).pragma("query_only", "ON"))
        .await
        .map_err(classify)?;
    let place = path.display().to_string();
    Ok((
        Reach::new(writer, place.clone()).in_file(path),
        Reach::new(reader, place),
    ))
}

/// Rows may be private, so only the owner of the file can access it. SQLite gives its additional
/// files the same permissions.
fn make_file(path: &Path) -> std::io::Result<()> {
    if let Some(directory) = path.parent() {
        owned::create_dir_all(directory)?;
    }
    regular::open(path, owned::options().create(true).append(true)).map(drop)
}

impl Dialect for Sqlite {
    const GRAMMAR: Grammar = Grammar::Sqlite;
    const IN_THIS_PROCESS: bool = true;
    const QUOTE: char = '"';
    const BEGIN: &'static str = "BEGIN IMMEDIATE";
    const KEY: &'static str = "INTEGER PRIMARY KEY";
    const EVENT_KEY: &'static str = "TEXT";
    const TABLE_OPTIONS: &'static str = " STRICT";
    const COLUMNS: &'static str = "SELECT m.name AS table_name, c.name AS column_name \
        FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')";
    const NARROW_COLUMNS: Option<&'static str> = None;

    fn column_type(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Text | ColumnKind::Json => "TEXT",
            ColumnKind::Integer => "INTEGER",
            ColumnKind::Real => "REAL",
            ColumnKind::Blob => "BLOB",
        }
    }

    /// A statement runs on a thread that dropping a future does not stop, so it gets a deadline.
    /// The deadline stays until the next use of the connection sets another one.
    async fn limit(connection: &mut SqliteConnection, limit: Duration) -> sqlx::Result<()> {
        let deadline = Instant::now() + limit;
        connection
            .lock_handle()
            .await?
            .set_progress_handler(STEPS_PER_LOOK, move || Instant::now() < deadline);
        Ok(())
    }

    async fn execute(
        connection: &mut SqliteConnection,
        sql: &str,
        params: Vec<Param>,
    ) -> sqlx::Result<Done> {
        let done = bind::<Self>(sql, params).execute(connection).await?;
        Ok(Done {
            changed: done.rows_affected(),
            key: done.last_insert_rowid(),
        })
    }

    async fn read(
        connection: &mut SqliteConnection,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> Result<Vec<Row>, Stopped> {
        let rows = bind::<Self>(sql, params).fetch(connection);
        collect(rows, limits, value).await
    }

    /// The connection was opened read-only.
    async fn query(
        connection: &mut SqliteConnection,
        sql: &str,
        params: Vec<Param>,
        limits: Limits,
    ) -> Result<Vec<Row>, Stopped> {
        Self::read(connection, sql, params, limits).await
    }

    async fn connect_in_haste(options: SqliteConnectOptions) -> sqlx::Result<SqliteConnection> {
        options.busy_timeout(HASTE).connect().await
    }

    /// Takes the lock that a write needs, and writes nothing.
    async fn probe(connection: &mut SqliteConnection) -> sqlx::Result<()> {
        connection.begin_with(Self::BEGIN).await?.rollback().await
    }

    fn portable(sql: &str) -> Cow<'_, str> {
        Cow::Borrowed(sql)
    }
}

/// The type of the value decides, because SQLite's columns can contain values of any type.
fn value(row: &SqliteRow, index: usize) -> sqlx::Result<Value> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().into_owned();
    Ok(match kind.name() {
        "INTEGER" | "BOOLEAN" => row.try_get_unchecked::<i64, _>(index)?.into(),
        "REAL" => row.try_get_unchecked::<f64, _>(index)?.into(),
        "BLOB" => bytes_to_json(row.try_get_unchecked(index)?),
        _ => Value::String(row.try_get_unchecked(index)?),
    })
}
