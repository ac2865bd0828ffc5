//! The file for commands, with or without a process that serves it.

use std::path::{Path, PathBuf};

use plugin_core::event::store::{Stock, SubscriptionName};
use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery};
use plugin_core::{Result, owned};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use crate::choice::{self, Deed, Letters, Touched};
use crate::database::Location;
use crate::failure::{Fault, FileError, store_error};
use crate::{letters, lock, rows};

/// The file of a queue, which may be served by another process at the same time.
#[derive(Debug)]
pub struct QueueFile {
    path: PathBuf,
    connection: SqliteConnection,
}

impl QueueFile {
    /// Opens a file; `None` if it does not exist yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be opened, or is not a queue.
    pub async fn open(path: &Path) -> Result<Option<Self>> {
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                return Err(Fault::Io(owned::not_below(path, error))
                    .at(path)
                    .classified());
            }
        }
        let opened = Location::new(path.to_owned()).beside().await;
        Ok(Some(Self {
            path: path.to_owned(),
            connection: opened.map_err(FileError::classified)?,
        }))
    }

    /// Whether a process serves it now.
    #[must_use]
    pub fn is_served(&self) -> bool {
        lock::is_served(&self.path)
    }

    /// Some dead letters, oldest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub async fn list(&mut self, query: &DeadLetterQuery) -> Result<DeadLetterPage> {
        let page = letters::list(&mut self.connection, query).await;
        page.map_err(store_error)
    }

    /// One dead letter; `None` if there is no letter with this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub async fn show(&mut self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        let letter = letters::show(&mut self.connection, id).await;
        letter.map_err(store_error)
    }

    /// The number of dead letters that a query selects, on all of its pages.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub async fn total(&mut self, query: &DeadLetterQuery) -> Result<u64> {
        let total = letters::total(&mut self.connection, query).await;
        total.map_err(store_error)
    }

    /// Requests the replay of letters, and returns those that exist, oldest first. The process that
    /// serves the file, or the next such process, replays each letter as soon as its plugin runs.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be written; the replay of some letters may have been
    /// requested then.
    pub async fn replay(&mut self, letters: &Letters) -> Result<Vec<Touched>> {
        let asked = choice::perform(&mut self.connection, (Deed::Request, letters)).await;
        asked.map_err(store_error)
    }

    /// Removes letters, and returns those that existed, oldest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be written; some letters may have been removed then.
    pub async fn drop(&mut self, letters: &Letters) -> Result<Vec<Touched>> {
        let gone = choice::perform(&mut self.connection, (Deed::Drop, letters)).await;
        gone.map_err(store_error)
    }

    /// The stored events by subscription.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub async fn stock(&mut self) -> Result<Vec<Stock>> {
        rows::stock(&mut self.connection).await.map_err(store_error)
    }

    /// Removes all events and dead letters of a subscription, and returns their numbers. It is for
    /// a subscription that does not exist any more: a process that delivers its events may still
    /// deliver some of them.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be written; some of them may have been removed then.
    pub async fn forget(&mut self, subscription: &SubscriptionName) -> Result<(u64, u64)> {
        let gone = choice::forget(&mut self.connection, subscription).await;
        gone.map_err(store_error)
    }

    #[cfg(test)]
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Closes it.
    ///
    /// # Errors
    ///
    /// Returns an error if that fails. What was written is in the file nevertheless.
    pub async fn close(self) -> Result<()> {
        self.connection.close().await.map_err(store_error)
    }
}
