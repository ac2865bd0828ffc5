//! Opens the file: one connection that writes, and some that read.

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

/// How long one process waits for a transaction of another.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// How long who writes waits for it at once, and who asks how the file is.
const HASTE: Duration = Duration::from_millis(250);

/// How the file is opened.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) path: PathBuf,
    /// Most pages of the file: only tests set it, to have a full disk.
    pub(crate) max_pages: Option<u32>,
}

impl Location {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            max_pages: None,
        }
    }

    /// Opens the file for writing; it is made if absent, and checked if not.
    ///
    /// # Errors
    ///
    /// When it can't be opened, is not ours, or is damaged. It is never made anew then.
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

    /// A connection that does not wait long for a transaction of another.
    pub(crate) async fn open_in_haste(&self) -> sqlx::Result<SqliteConnection> {
        self.options().busy_timeout(HASTE).connect().await
    }

    /// Opens a file that is there, for a command: it may be served, so that to check all of it
    /// would take long and be in the way.
    ///
    /// # Errors
    ///
    /// When it can't be opened, or is not ours, or is of an earlier version and served.
    pub(crate) async fn beside(&self) -> Result<SqliteConnection, FileError> {
        check_regular(&self.path)?;
        let mut connection = (self.options().connect().await).map_err(|error| self.fault(error))?;
        let stamp = self.stamp(&mut connection).await?;
        if stamp.is_empty() {
            return Err(Fault::Foreign.at(&self.path));
        }
        if stamp.version < schema::VERSION {
            // A process of the earlier version could not go on with the tables of this one.
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

    /// Checks that the file is ours and whole, and says of which version it is: of none, when it is
    /// empty, as one is whose maker was killed.
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

    /// What the file says of itself, if that is nothing, or that it is ours.
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

/// What a file says of itself.
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

/// Makes an empty file if there is none. What is in it may be private: it is
/// its owner's alone, and SQLite gives the files beside it the same permissions.
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

/// SQLite waits for a FIFO that is in the place of one of its files.
fn check_regular(path: &Path) -> Result<(), FileError> {
    for path in ["", "-wal", "-shm", "-journal"].map(|ending| beside(path, ending)) {
        regular::check(&path).map_err(|error| Fault::Io(error).at(&path))?;
    }
    Ok(())
}

/// The path of a file that SQLite keeps beside another.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(ending);
    beside.into()
}

/// The version of a file without tables.
const EMPTY: i64 = 0;

/// All or nothing: a file that has the tables says whose it is.
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
