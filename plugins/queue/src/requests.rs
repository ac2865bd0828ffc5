//! Requests of replays that other processes have left in the file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Duration;

use plugin_core::Result;
use plugin_core::event::DeadLetterId;
use sqlx::sqlite::SqliteConnection;

use crate::choice;
use crate::failure::store_error;
use crate::store::Store;

/// How often the file is asked whether another process has written to it.
const POLL: Duration = Duration::from_millis(500);

/// Which requests were told of already: a request is told of once in a life of the process, and
/// again in the next one unless it is answered, or its letter gone, by then.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// The number of the last one.
    last: AtomicI64,
}

impl Requests {
    /// Waits for new requests.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
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

/// Another number after each commit of another connection.
async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
