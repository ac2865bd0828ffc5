//! The health of the queue: whether its file can be written, and whether it has room.

use std::time::Duration;

use plugin_core::event::store::SubscriptionName;
use plugin_core::lifecycle::Health;
use plugin_core::{Error, Result};
use sqlx::Connection;
use tokio::time::timeout;

use crate::failure::{is_locked, store_error};
use crate::limit::Full;
use crate::request::Request;
use crate::rows;
use crate::store::Store;

/// Time limit of the write that tests whether writing works again after a failure.
const WRITE: Duration = Duration::from_millis(500);

/// The health of the queue.
pub(crate) async fn of(store: &Store) -> Health {
    if let Err(error) = check(store).await {
        return Health::Unavailable(error.to_string());
    }
    if store.gauge().full().is_some() {
        // A command in another process may have made room without notifying this process. The probe
        // counts again, and admits events that wait for room. `check` has already determined
        // whether it works.
        drop(timeout(WRITE, store.ask(Request::Probe)).await);
    }
    let Some(full) = store.gauge().full() else {
        return Health::Healthy;
    };
    // The subscription with the most events is the one that is too slow.
    let largest = match store.reader().await {
        Ok(mut reader) => rows::largest(&mut reader).await.ok().flatten(),
        Err(_) => None,
    };
    let reason = told(store, full, largest.as_ref());
    match full {
        Full::Refuses(_) => Health::Unavailable(reason),
        Full::Waits | Full::Drops => Health::Degraded(reason),
    }
}

fn told(store: &Store, full: Full, largest: Option<&SubscriptionName>) -> String {
    let what = match full {
        Full::Refuses(_) => "new events are refused",
        Full::Waits => "new events wait for room",
        Full::Drops => "the oldest events give way to new ones, unhandled",
    };
    let bounds = store.limit();
    let whose = largest.map_or_else(String::new, |name| {
        format!(
            ": most of its events are for `{name}`, which is slower than they come, or stands still"
        )
    });
    format!("the queue is full ({bounds}), and {what}{whose}; mend that, or raise the bounds")
}

/// Whether the file exists and can be written, even if the writer waits for a long time.
pub(crate) async fn check(store: &Store) -> Result<()> {
    store.present()?;
    probe(store).await?;
    let Some(failure) = store.gauge().failure().clone() else {
        return Ok(());
    };
    let path = store.location().path.display();
    let refused =
        |why: &dyn std::fmt::Display| Error::retriable(format!("`{path}` can't be written: {why}"));
    match timeout(WRITE, store.ask(Request::Probe)).await {
        Ok(written) => written.map_err(|error| refused(&error)),
        Err(_) => Err(refused(&failure)),
    }
}

/// Takes the lock for writing, on a connection of its own, and writes nothing.
async fn probe(store: &Store) -> Result<()> {
    let before = store.gauge().transactions();
    let probed = async {
        let mut connection = store.location().open_in_haste().await?;
        let begun = connection.begin_with("BEGIN IMMEDIATE").await;
        begun?.rollback().await?;
        connection.close().await
    };
    let path = store.location().path.display();
    match probed.await {
        Ok(()) => Ok(()),
        Err(error) if !is_locked(&error) => {
            Err(store_error(error).context(format!("`{path}` can't be written")))
        }
        // The writer of this process held the lock.
        Err(_) if store.gauge().is_writing() || store.gauge().transactions() != before => Ok(()),
        Err(error) => Err(Error::retriable(format!(
            "`{path}` is locked by another process: find it with `fuser {path}`, and end it"
        ))
        .because(error)),
    }
}
