//! The file as commands open it: beside the process that serves it, or without one.

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

/// A queue's file, open beside the process that serves it, if one does.
#[derive(Debug)]
pub struct QueueFile {
    path: PathBuf,
    connection: SqliteConnection,
}

impl QueueFile {
    /// Opens a file; `None` if there is none yet.
    ///
    /// # Errors
    ///
    /// When it can't be opened, or is no queue.
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
    /// When the file can't be read.
    pub async fn list(&mut self, query: &DeadLetterQuery) -> Result<DeadLetterPage> {
        let page = letters::list(&mut self.connection, query).await;
        page.map_err(store_error)
    }

    /// One dead letter; `None` if there is none of that id.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub async fn show(&mut self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        let letter = letters::show(&mut self.connection, id).await;
        letter.map_err(store_error)
    }

    /// How many dead letters a query is about, on all of its pages.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub async fn total(&mut self, query: &DeadLetterQuery) -> Result<u64> {
        let total = letters::total(&mut self.connection, query).await;
        total.map_err(store_error)
    }

    /// Asks for the replay of letters, and says of which there are, oldest first. The process that
    /// serves the file replays each as soon as its plugin runs, or else the next process does.
    ///
    /// # Errors
    ///
    /// When the file can't be written; it may be asked for some of them then.
    pub async fn replay(&mut self, letters: &Letters) -> Result<Vec<Touched>> {
        let asked = choice::perform(&mut self.connection, (Deed::Request, letters)).await;
        asked.map_err(store_error)
    }

    /// Forgets letters, and says which there were, oldest first.
    ///
    /// # Errors
    ///
    /// When the file can't be written; some of them may be gone then.
    pub async fn drop(&mut self, letters: &Letters) -> Result<Vec<Touched>> {
        let gone = choice::perform(&mut self.connection, (Deed::Drop, letters)).await;
        gone.map_err(store_error)
    }

    /// What is stored, by subscription.
    ///
    /// # Errors
    ///
    /// When the file can't be read.
    pub async fn stock(&mut self) -> Result<Vec<Stock>> {
        rows::stock(&mut self.connection).await.map_err(store_error)
    }

    /// Forgets all events and dead letters of a subscription, and says how many there were. It is for
    /// one that nobody has any more: a process that delivers its events delivers some of them still.
    ///
    /// # Errors
    ///
    /// When the file can't be written; some of them may be gone then.
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
    /// When that fails; what was written is in the file all the same.
    pub async fn close(self) -> Result<()> {
        self.connection.close().await.map_err(store_error)
    }
}
