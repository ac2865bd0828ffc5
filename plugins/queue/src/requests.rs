//! Requests for replays that other processes have stored in the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use plugin_core::Result;
use plugin_core::event::DeadLetterId;
use sqlx::sqlite::SqliteConnection;

use crate::choice;
use crate::failure::store_error;
use crate::store::Store;

/// Interval of the check whether another process has written to the file.
const POLL: Duration = Duration::from_millis(500);

/// The requests that were already returned. A request is returned once in each process; the next
/// process returns it again unless it was answered, or its letter is gone.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// The number of the last request.
    last: AtomicI64,
}

impl Requests {
    /// Waits for new requests.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub(crate) async fn next(&self, store: &Arc<Store>) -> Result<Vec<DeadLetterId>> {
        let mut connection = store.reader().await?;
        let mut seen = None;
        loop {
            let version = version(&mut connection).await.map_err(store_error)?;
            if seen != Some(version) {
                seen = Some(version);
                let new = choice::requested(&mut connection, self.last.load(Relaxed)).await;
                let new = new.map_err(store_error)?;
                if let Some((_, last)) = new.last() {
                    self.last.store(*last, Relaxed);
                    return Ok(new.into_iter().map(|(id, _)| id).collect());
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

/// A number that changes with each commit of another connection.
async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
