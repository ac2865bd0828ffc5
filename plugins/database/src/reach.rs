//! How the database is reached: connections that are whole when they are given back, and the true
//! cause when there is none.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_core::{Error, Result};
use sqlx::pool::PoolConnection;
use sqlx::{ConnectOptions, Connection, Pool};
use tokio::time::timeout;

use crate::dialect::Dialect;
use crate::error::classify;

/// How long the question for the cause may take, when the pool had no connection.
const PROBE: Duration = Duration::from_secs(1);

/// How much later than the database itself this side ends a statement: only when the database does
/// not.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// A pool, and what it leads to.
#[derive(Debug)]
pub(crate) struct Reach<D: Dialect> {
    pool: Pool<D>,
    /// The file, or host and port.
    place: String,
    file: Option<FileId>,
}

/// A file, and what tells it from another one of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileId {
    path: PathBuf,
    identity: Option<(u64, u64)>,
}

impl FileId {
    fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self {
            path: path.to_owned(),
            identity: identity(&metadata),
        })
    }
}

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;

    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}

/// A connection in use. Unless it is given back it is closed: after an error, or when the work on
/// it was cut off, nobody knows what it is doing, and to ask it may take for ever.
#[derive(Debug)]
pub(crate) struct Lease<D: Dialect>(Option<PoolConnection<D>>);

impl<D: Dialect> Reach<D> {
    pub(crate) fn new(pool: Pool<D>, place: String) -> Self {
        Self {
            pool,
            place,
            file: None,
        }
    }

    /// The database is that file, as long as it is there.
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.file = FileId::of(path).ok();
        self
    }

    /// Checks that the file is still the one that was opened: what is written to one that was
    /// removed is gone with the last connection.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub(crate) fn present(&self) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if FileId::of(&file.path).is_ok_and(|now| now == *file) {
            return Ok(());
        }
        Err(Error::config(format!(
            "`{}` was removed or replaced while it was in use, and what is written now is lost: \
             stop the service, put the file back or leave it away, and start it again",
            self.place
        )))
    }

    /// A connection that nobody uses just now.
    pub(crate) fn idle(&self) -> Option<Lease<D>> {
        self.pool.try_acquire().map(|idle| Lease(Some(idle)))
    }

    /// A connection on which a statement is ended after `limit`.
    ///
    /// # Errors
    ///
    /// When there is none within `connect_timeout`, says why.
    pub(crate) async fn lease(&self, limit: Duration) -> Result<Lease<D>> {
        let mut lease = match self.pool.acquire().await {
            Ok(connection) => Lease(Some(connection)),
            Err(sqlx::Error::PoolTimedOut) => return Err(self.cause().await),
            Err(error) => return Err(self.unreachable(error)),
        };
        let limited = D::limit(lease.connection()?, limit).await;
        limited.map_err(classify)?;
        Ok(lease)
    }

    /// A connection beside the pool: one that says how the database is, whatever the pool does.
    ///
    /// # Errors
    ///
    /// When there is none within `limit`.
    pub(crate) async fn connect(&self, limit: Duration) -> Result<D::Connection> {
        let options = self.pool.connect_options();
        match timeout(limit, options.connect()).await {
            Ok(connected) => connected.map_err(|error| self.unreachable(error)),
            Err(_) => Err(self.silent(limit)),
        }
    }

    /// Why the pool had no connection: it retries what is refused, and forgets why.
    async fn cause(&self) -> Error {
        match self.connect(PROBE).await {
            Err(error) => error,
            Ok(connection) => {
                // It was for this question only.
                drop(connection.close().await);
                Error::retriable(
                    "all connections are in use: raise `pool_size`, or lower `query_timeout`",
                )
            }
        }
    }

    fn unreachable(&self, error: sqlx::Error) -> Error {
        classify(error).context(format!("can't reach `{}`", self.place))
    }

    pub(crate) fn silent(&self, limit: Duration) -> Error {
        Error::retriable(format!("`{}` does not answer within {limit:?}", self.place))
    }

    /// What `work` comes to, unless it takes so much longer than `limit` that the database does
    /// not end it by itself.
    ///
    /// # Errors
    ///
    /// As `work`; also when it is cut off.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        match timeout(limit.saturating_add(GRACE), work).await {
            Ok(result) => result,
            Err(_) => Err(self.silent(limit)),
        }
    }

    /// Closes all connections, when what they do is done.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl<D: Dialect> Lease<D> {
    /// The connection.
    ///
    /// # Errors
    ///
    /// Never, before it is given back.
    pub(crate) fn connection(&mut self) -> Result<&mut D::Connection> {
        let connection = self.0.as_mut();
        connection
            .map(|connection| &mut **connection)
            .ok_or_else(|| Error::bug("a connection is used after it was given back"))
    }

    /// Nothing is under way on it: the next one may have it.
    pub(crate) fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl<D: Dialect> Drop for Lease<D> {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}
