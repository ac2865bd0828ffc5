//! The connections to the database: they are usable when they are given back, and if there is none,
//! the cause is found.

use std::future::Future;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_core::place::Place;
use plugin_core::{Error, Meter, Result};
use sqlx::pool::PoolConnection;
use sqlx::{Connection, Pool};
use tokio::time::{Instant, timeout};

use crate::dialect::Dialect;
use crate::error::{classify, is_locked};

/// Time limit of the search for the cause when the pool had no connection.
const PROBE: Duration = Duration::from_secs(1);

/// How much later than the database itself this side ends a statement; it does so only if the
/// database does not.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// How long calls may wait without any of them getting a connection, before the pool counts as
/// exhausted.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// A pool, and the database behind it.
#[derive(Debug)]
pub(crate) struct Reach<D: Dialect> {
    pool: Pool<D>,
    /// The file, or host and port.
    place: String,
    file: Option<Place>,
    waits: Waits,
}

/// Number of calls that wait for a connection, and since when none of them got one.
#[derive(Debug, Default)]
struct Waits(Mutex<Option<(usize, Instant)>>);

/// A waiting call.
struct Waiting<'a>(&'a Waits);

impl Waits {
    fn begin(&self) -> Waiting<'_> {
        let mut waits = self.lock();
        let (count, since) = waits.unwrap_or_else(|| (0, Instant::now()));
        *waits = Some((count + 1, since));
        Waiting(self)
    }

    fn are_long(&self) -> bool {
        self.lock()
            .is_some_and(|(_, since)| since.elapsed() >= EXHAUSTED)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(usize, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// It has got a connection, so the others have waited for their turn only since now.
    fn end_served(self) {
        if let Some((_, since)) = &mut *self.0.lock() {
            *since = Instant::now();
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waits = self.0.lock();
        *waits = (*waits).and_then(|(count, since)| (count > 1).then(|| (count - 1, since)));
    }
}

/// A connection in use. It is closed unless it is given back: after an error, or when the work on
/// it was aborted, its state is not known, and finding out could take for ever.
#[derive(Debug)]
pub(crate) struct Lease<D: Dialect>(Option<PoolConnection<D>>);

impl<D: Dialect> Reach<D> {
    pub(crate) fn new(pool: Pool<D>, place: String) -> Self {
        Self {
            pool,
            place,
            file: None,
            waits: Waits::default(),
        }
    }

    /// Adds the use of the pool to the plugin's metrics.
    ///
    /// # Errors
    ///
    /// Returns an error if these metrics exist already.
    pub(crate) fn measure(&self, meter: &Meter) -> Result<()> {
        let pool = self.pool.clone();
        let open = move || f64::from(pool.size());
        meter.observe(
            "database_connections",
            "Connections of the pool that are open.",
            open,
        )?;
        let pool = self.pool.clone();
        let idle = move || pool.num_idle() as f64;
        meter.observe(
            "database_idle_connections",
            "Those of them that nobody uses.",
            idle,
        )?;
        let most = f64::from(self.pool.options().get_max_connections());
        let limit = meter.gauge("database_max_connections", "Most connections of the pool.")?;
        limit.set(most);
        Ok(())
    }

    /// Sets that the database is this file, which has to stay in place.
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.file = Place::of(path).ok();
        self
    }

    /// Checks that the file is still the one that was opened, because what is written to a removed
    /// file is lost with the last connection.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not.
    pub(crate) fn present(&self) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        file.check().map_err(|error| {
            Error::config(format!(
                "{error}, and what is written now is lost: stop the service, put the file back or \
                 leave it away, and start it again"
            ))
        })
    }

    /// Checks that it has not happened for a long time that calls waited and none of them got a
    /// connection.
    ///
    /// # Errors
    ///
    /// Returns an error if it has.
    pub(crate) fn has_room(&self) -> Result<()> {
        if self.waits.are_long() {
            return Err(self.exhausted());
        }
        Ok(())
    }

    /// A connection that is not in use.
    pub(crate) fn idle(&self) -> Option<Lease<D>> {
        self.pool.try_acquire().map(|idle| Lease(Some(idle)))
    }

    /// A connection on which a statement is ended after `limit`.
    ///
    /// # Errors
    ///
    /// Returns the reason if there is none within `connect_timeout`.
    pub(crate) async fn lease(&self, limit: Duration) -> Result<Lease<D>> {
        let waiting = self.waits.begin();
        let mut lease = match self.pool.acquire().await {
            Ok(connection) => Lease(Some(connection)),
            Err(sqlx::Error::PoolTimedOut) => return Err(self.cause().await),
            Err(error) => return Err(self.unreachable(error)),
        };
        waiting.end_served();
        let limited = D::limit(lease.connection()?, limit).await;
        limited.map_err(classify)?;
        Ok(lease)
    }

    /// A connection outside of the pool, on which no statement waits long for a lock. It shows the
    /// state of the database, whatever the pool does.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be made.
    pub(crate) async fn connect_in_haste(&self) -> sqlx::Result<D::Connection> {
        D::connect_in_haste((*self.pool.connect_options()).clone()).await
    }

    /// The reason why the pool had no connection. The pool itself retries refused connections and
    /// forgets the reasons.
    async fn cause(&self) -> Error {
        match timeout(PROBE, self.connect_in_haste()).await {
            Err(_) => self.silent(PROBE),
            Ok(Err(error)) => self.refusal(error),
            Ok(Ok(connection)) => {
                // It was made only for this purpose.
                drop(connection.close().await);
                self.exhausted()
            }
        }
    }

    fn exhausted(&self) -> Error {
        let place = &self.place;
        let all = self.pool.options().get_max_connections();
        Error::retriable(match self.file {
            Some(_) => format!(
                "the connection that writes `{place}` is in use by a statement that takes long, and \
                 others wait for it: lower `query_timeout`"
            ),
            None => format!(
                "all {all} connections to `{place}` are in use, and calls wait for one: raise \
                 `pool_size`, or lower `query_timeout`"
            ),
        })
    }

    /// The error for a failure outside of the pool.
    pub(crate) fn refusal(&self, error: sqlx::Error) -> Error {
        if !is_locked(&error) {
            return self.unreachable(error);
        }
        let place = &self.place;
        let locked = format!(
            "`{place}` is locked by another process, or by a statement of a plugin that takes long: \
             find the process with `fuser {place}`, and end it"
        );
        Error::retriable(locked).because(error)
    }

    pub(crate) fn takes_no_write(&self, limit: Duration) -> Error {
        Error::retriable(format!(
            "`{}` answers, and takes no write within {limit:?}: its tables are locked by another \
             session (`SHOW PROCESSLIST` names it), or its disk stands still",
            self.place
        ))
    }

    fn unreachable(&self, error: sqlx::Error) -> Error {
        let place = &self.place;
        let what = match &error {
            sqlx::Error::Database(_) => format!("`{place}` refuses what is asked of it"),
            _ => format!("can't reach `{place}`"),
        };
        classify(error).context(what)
    }

    pub(crate) fn silent(&self, limit: Duration) -> Error {
        Error::retriable(format!("`{}` does not answer within {limit:?}", self.place))
    }

    /// The result of `work`, unless it takes so much longer than `limit` that the database
    /// evidently does not end it.
    ///
    /// # Errors
    ///
    /// As `work`, and also if it is aborted.
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

    /// Closes all connections, when their work is done.
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl<D: Dialect> Lease<D> {
    /// The connection.
    ///
    /// # Errors
    ///
    /// Never returns an error before it is given back.
    pub(crate) fn connection(&mut self) -> Result<&mut D::Connection> {
        let connection = self.0.as_mut();
        connection
            .map(|connection| &mut **connection)
            .ok_or_else(|| Error::bug("a connection is used after it was given back"))
    }

    /// Nothing is in progress on it, so another caller may use it.
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
