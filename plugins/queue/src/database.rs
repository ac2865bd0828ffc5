//! Opens the file: one connection for writing, and several for reading.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt;
use plugin_core::{owned, regular};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor, Row};

use crate::failure::{Fault, FileError, is_broken};
use crate::lock::Lock;
use crate::schema;

/// How long a process waits for a transaction of another one.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// How long the writer waits for it at a time, and the health check.
const HASTE: Duration = Duration::from_millis(250);

/// How the file is opened.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) path: PathBuf,
    /// Most pages of the file; only tests set it, to simulate a full disk.
    pub(crate) max_pages: Option<u32>,
}

impl Location {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            max_pages: None,
        }
    }

    /// Opens the file for writing. It is created if it does not exist, and checked otherwise.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be opened, does not belong to this plugin, or is damaged.
    /// It is never replaced in these cases.
    pub(crate) async fn open(&self) -> Result<SqliteConnection, FileError> {
        check_regular(&self.path)?;
        make_file(&self.path)?;
        let mut connection = (self.options().connect().await).map_err(|error| self.fault(error))?;
        let version = self.check(&mut connection).await?;
        if version < schema::VERSION {
            let made = upgrade(&mut connection, version).await;
            made.map_err(|error| self.fault(error))?;
        }
        let wal = "PRAGMA journal_mode = WAL";
        (connection.execute(wal).await).map_err(|error| self.fault(error))?;
        let haste = format!("PRAGMA busy_timeout = {}", HASTE.as_millis());
        let set = sqlx::query(sqlx::AssertSqlSafe(haste)).execute(&mut connection);
        set.await.map_err(|error| self.fault(error))?;
        Ok(connection)
    }

    /// A connection that waits only a short time for a transaction of another one.
    pub(crate) async fn open_in_haste(&self) -> sqlx::Result<SqliteConnection> {
        self.options().busy_timeout(HASTE).connect().await
    }

    /// Opens an existing file for a command. The file is not checked completely, because that would
    /// take long and delay a process that serves it.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be opened, does not belong to this plugin, or has an
    /// earlier version and is being served.
    pub(crate) async fn beside(&self) -> Result<SqliteConnection, FileError> {
        check_regular(&self.path)?;
        let mut connection = (self.options().connect().await).map_err(|error| self.fault(error))?;
        let stamp = self.stamp(&mut connection).await?;
        if stamp.is_empty() {
            return Err(Fault::Foreign.at(&self.path));
        }
        if stamp.version < schema::VERSION {
            // A process of the earlier version could not continue with the tables of this version.
            let _lock = Lock::take(&self.path).await?;
            let made = upgrade(&mut connection, stamp.version).await;
            made.map_err(|error| self.fault(error))?;
        }
        Ok(connection)
    }

    /// Connections that read a file that is open for writing.
    pub(crate) async fn readers(&self) -> Result<SqlitePool, FileError> {
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(self.options().read_only(true))
            .await;
        pool.map_err(|error| self.fault(error))
    }

    fn options(&self) -> SqliteConnectOptions {
        let options = SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(BUSY)
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(256);
        match self.max_pages {
            Some(pages) => options.pragma("max_page_count", pages.to_string()),
            None => options,
        }
    }

    /// Checks that the file belongs to this plugin and is complete, and returns its version. The
    /// version of an empty file, which remains if the process that creates it is killed, is that of
    /// a file without tables.
    async fn check(&self, connection: &mut SqliteConnection) -> Result<i64, FileError> {
        let stamp = self.stamp(connection).await?;
        if stamp.is_empty() {
            return Ok(EMPTY);
        }
        let found = quick_check(connection).await;
        match found.map_err(|error| self.fault(error))?.as_slice() {
            [fine] if fine == "ok" => Ok(stamp.version),
            faults => Err(Fault::Damaged(faults.join("; ")).at(&self.path)),
        }
    }

    /// The identification in the file, if the file is empty or belongs to this plugin.
    async fn stamp(&self, connection: &mut SqliteConnection) -> Result<Stamp, FileError> {
        let stamp = Stamp::read(connection).await;
        let stamp = stamp.map_err(|error| self.fault(error))?;
        if stamp.is_empty() || stamp.is_ours() {
            return Ok(stamp);
        }
        if stamp.application == schema::APPLICATION {
            return Err(Fault::Newer(stamp.version).at(&self.path));
        }
        Err(Fault::Foreign.at(&self.path))
    }

    fn fault(&self, error: sqlx::Error) -> FileError {
        if is_broken(&error) {
            return Fault::Damaged(error.to_string()).at(&self.path);
        }
        Fault::Sqlite(error).at(&self.path)
    }
}

/// The identification in a file.
struct Stamp {
    application: i64,
    version: i64,
    tables: i64,
}

impl Stamp {
    async fn read(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        Ok(Self {
            application: number(connection, "PRAGMA application_id").await?,
            version: number(connection, "PRAGMA user_version").await?,
            tables: number(connection, "SELECT count(*) FROM sqlite_master").await?,
        })
    }

    fn is_empty(&self) -> bool {
        self.application == 0 && self.tables == 0
    }

    fn is_ours(&self) -> bool {
        self.application == schema::APPLICATION && self.version <= schema::VERSION
    }
}

/// Creates an empty file if there is none. Its content may be private, so only its owner can access
/// it. SQLite gives its additional files the same permissions.
fn make_file(path: &Path) -> Result<(), FileError> {
    if let Some(directory) = path.parent() {
        owned::create_dir_all(directory).map_err(|error| Fault::Io(error).at(path))?;
    }
    if !path.exists() && beside(path, "-wal").exists() {
        return Err(Fault::Orphaned.at(path));
    }
    let made = regular::open(path, owned::options().create(true).append(true));
    made.map(drop).map_err(|error| Fault::Io(error).at(path))
}

/// SQLite would wait for a FIFO in place of one of its files.
fn check_regular(path: &Path) -> Result<(), FileError> {
    for path in ["", "-wal", "-shm", "-journal"].map(|ending| beside(path, ending)) {
        regular::check(&path).map_err(|error| Fault::Io(error).at(&path))?;
    }
    Ok(())
}

/// The path of a file that SQLite keeps in addition to another one.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    beside.into()
}

/// The version of a file without tables.
const EMPTY: i64 = 0;

/// Upgrades completely or not at all: a file that has the tables also has the identification.
async fn upgrade(connection: &mut SqliteConnection, from: i64) -> sqlx::Result<()> {
    let mut all = connection.begin_with("BEGIN EXCLUSIVE").await?;
    if from == EMPTY {
        all.execute(schema::CREATE).await?;
        let mark = format!("PRAGMA application_id = {}", schema::APPLICATION);
        all.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(mark)))
            .await?;
    }
    let done = usize::try_from(from.max(1) - 1).unwrap_or(0);
    for upgrade in schema::UPGRADES.into_iter().skip(done) {
        all.execute(sqlx::raw_sql(upgrade)).await?;
    }
    all.commit().await
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<i64> {
    sqlx::query_scalar(sql).fetch_one(connection).await
}

async fn quick_check(connection: &mut SqliteConnection) -> sqlx::Result<Vec<String>> {
    let rows = sqlx::query("PRAGMA quick_check(3)").fetch(connection);
    rows.and_then(|row| async move { row.try_get(0) })
        .try_collect()
        .await
}
