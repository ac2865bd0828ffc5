//! An open file: passes requests to the writer, or to the connections that read.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plugin_core::event::store::{Record, Settled, Stock, Stored, SubscriptionName, Window};
use plugin_core::event::{DeadLetter, DeadLetterId};
use plugin_core::place::Place;
use plugin_core::{Error, Result, owned};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqlitePool;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::timeout;

use crate::config::{OnFull, QueueConfig};
use crate::database::Location;
use crate::displacement::Tickets;
use crate::failure::{FileError, store_error};
use crate::gauge::Gauge;
use crate::limit::Limit;
use crate::lock::Lock;
use crate::request::{Append, Call, Request, Revive, Settle};
use crate::rows;
use crate::writer::Writer;

/// Number of requests that can wait for the writer; further requesters wait.
const REQUESTS: usize = 1024;

/// How long the end waits for the connections that read.
const READERS_LEAVE: Duration = Duration::from_secs(1);

/// An open file.
#[derive(Debug)]
pub(crate) struct Store {
    requests: mpsc::Sender<Request>,
    readers: SqlitePool,
    gauge: Arc<Gauge>,
    limit: Limit,
    location: Location,
    /// Present if events may be dropped.
    tickets: Option<Arc<Mutex<Tickets>>>,
    max_crashes: u32,
    place: Place,
    _lock: Lock,
}

/// The task of an open file.
pub(crate) struct Work {
    writer: Writer,
    requests: mpsc::Receiver<Request>,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Work")
    }
}

impl Work {
    /// Records in the file that a process serves it, and whether the previous one crashed. If this
    /// fails, the first successful write does it.
    pub(crate) async fn begin(&mut self) {
        self.writer.begin().await;
    }

    /// Writes until the store is closed.
    ///
    /// # Errors
    ///
    /// Returns an error if closing the file fails.
    pub(crate) async fn run(self) -> Result<()> {
        self.writer.run(self.requests).await
    }
}

impl Store {
    /// Opens the file. Nothing is written to it before the work runs.
    ///
    /// # Errors
    ///
    /// Returns an error if another process serves it, or if it can't be used.
    pub(crate) async fn open(location: &Location, config: &QueueConfig) -> Result<(Self, Work)> {
        if let Some(directory) = location.path.parent() {
            make_directory(directory)?;
        }
        let lock = (Lock::take(&location.path).await).map_err(FileError::classified)?;
        let connection = (location.open().await).map_err(FileError::classified)?;
        let readers = (location.readers().await).map_err(FileError::classified)?;
        let gauge = Arc::new(Gauge::default());
        let tickets = (config.on_full == OnFull::DropOldest).then(Arc::default);
        let shared = (Arc::clone(&gauge), tickets.clone());
        let writer = Writer::new(connection, config, shared).await?;
        let (sender, requests) = mpsc::channel(REQUESTS);
        let store = Self {
            requests: sender,
            readers,
            gauge,
            limit: Limit::new(config),
            location: location.clone(),
            tickets,
            max_crashes: config.max_crashes,
            place: Place::of(&location.path)?,
            _lock: lock,
        };
        Ok((store, Work { writer, requests }))
    }

    pub(crate) async fn append(
        &self,
        subscription: &SubscriptionName,
        events: &[Record],
    ) -> Result<Vec<u64>> {
        self.present()?;
        let request = |answer| {
            Request::Append(Append {
                subscription: subscription.clone(),
                events: events.to_vec(),
                answer,
            })
        };
        self.ask(request).await
    }

    pub(crate) async fn settle(
        &self,
        subscription: &SubscriptionName,
        settled: &[Settled],
    ) -> Result<()> {
        let request = |answer| {
            Request::Settle(Settle {
                subscription: subscription.clone(),
                settled: settled.to_vec(),
                answer,
            })
        };
        self.ask(request).await
    }

    pub(crate) async fn call(
        &self,
        subscription: &SubscriptionName,
        positions: &[u64],
        is_called: bool,
    ) -> Result<()> {
        let request = |answer| {
            Request::Call(Call {
                subscription: subscription.clone(),
                positions: positions.to_vec(),
                is_called,
                answer,
            })
        };
        self.ask(request).await
    }

    pub(crate) async fn revive(
        &self,
        subscription: &SubscriptionName,
        letter: &DeadLetter,
    ) -> Result<()> {
        let request = |answer| {
            Request::Revive(Revive {
                subscription: subscription.clone(),
                letter: Box::new(letter.clone()),
                answer,
            })
        };
        self.ask(request).await
    }

    pub(crate) async fn keep(&self, letters: Vec<DeadLetter>) -> Result<()> {
        self.ask(|answer| Request::Keep(letters, answer)).await
    }

    /// Returns how many existed.
    pub(crate) async fn forget(&self, ids: Vec<DeadLetterId>) -> Result<u64> {
        self.ask(|answer| Request::Forget(ids, answer)).await
    }

    pub(crate) async fn answered(&self, ids: &[DeadLetterId]) -> Result<()> {
        self.ask(|answer| Request::Answered(ids.to_vec(), answer))
            .await
    }

    pub(crate) async fn wait(&self, subscription: &SubscriptionName, events: u64) -> Result<()> {
        let name = subscription.clone();
        self.ask(|answer| Request::Wait(name, events, answer)).await
    }

    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>> {
        self.readers.acquire().await.map_err(store_error)
    }

    pub(crate) async fn pending(
        &self,
        subscription: &SubscriptionName,
        window: Window,
    ) -> Result<Vec<Stored>> {
        let tickets = match &self.tickets {
            Some(tickets) => Some(tickets.lock().await),
            None => None,
        };
        let found = rows::pending(&self.readers, subscription, (window, self.max_crashes)).await;
        let mut found = found.map_err(store_error)?;
        if let Some(mut tickets) = tickets {
            tickets.hand_out(&mut found);
        }
        Ok(found)
    }

    pub(crate) async fn stock(&self) -> Result<Vec<Stock>> {
        let stock = rows::stock(&mut *self.reader().await?).await;
        stock.map_err(store_error)
    }

    /// Checks that the file is still at the path where it was opened, because what is written to a
    /// removed file is lost.
    pub(crate) fn present(&self) -> Result<()> {
        let checked = self.place.check();
        checked.map_err(|error| Error::retriable(error.to_string()))
    }

    /// From now on, no commit waits for further events, no event for room, and nothing for the lock
    /// of another process.
    pub(crate) async fn hurry(&self) -> Result<()> {
        self.gauge.hurry();
        let sent = self.requests.send(Request::Hurry).await;
        sent.map_err(|_| closed())
    }

    /// Ends the work when everything that was requested is written. Until the store is dropped, no
    /// other process may serve the file.
    pub(crate) async fn close(&self) {
        self.gauge.hurry();
        // The last connection that is closed removes the log of the file, which a connection for
        // reading can't do.
        let _left = timeout(READERS_LEAVE, self.readers.close()).await;
        // If the work has ended already, the message is not needed.
        drop(self.requests.send(Request::Close).await);
    }

    pub(crate) fn gauge(&self) -> &Gauge {
        &self.gauge
    }

    /// The limit of the file.
    pub(crate) fn limit(&self) -> Limit {
        self.limit
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    pub(crate) async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T>>) -> Request,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let sent = self.requests.send(request(answer)).await;
        sent.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

fn closed() -> Error {
    Error::retriable("the queue is closed")
}

fn make_directory(directory: &Path) -> Result<()> {
    owned::create_dir_all(directory).map_err(|error| {
        Error::config(format!("can't make `{}`", directory.display())).because(error)
    })
}
