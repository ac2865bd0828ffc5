//! Requests of replays that other processes have left in the file.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plugin_core::Result;
use plugin_core::event::DeadLetterId;
use sqlx::sqlite::SqliteConnection;

use crate::failure::store_error;
use crate::letters;
use crate::store::Store;

/// How often the file is asked whether another process has written to it.
const POLL: Duration = Duration::from_millis(500);

/// Which requests were told of already: a request is told of once in a life of the process, and
/// again in the next one unless its letter is gone by then.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<HashSet<(DeadLetterId, i64)>>);

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
                let all = letters::requested(&mut connection).await;
                let new = self.new_ones(all.map_err(store_error)?);
                if !new.is_empty() {
                    return Ok(new);
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn new_ones(&self, all: Vec<(DeadLetterId, i64)>) -> Vec<DeadLetterId> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = all.iter().filter(|request| !told.contains(request));
        let new = new.map(|&(id, _)| id).collect();
        *told = all.into_iter().collect();
        new
    }
}

/// Another number after each commit of another connection.
async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
