//! The only task that writes: it combines requests into transactions, and answers when they are
//! committed.
//!
//! Invariants: an answer `Ok` comes after the commit; `held` is the state after the last commit;
//! requests that wait for room come before newer ones.

mod transaction;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use plugin_core::event::store::SubscriptionName;
use plugin_core::{Error, Result};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};
use tokio::time::{Instant, timeout_at};

use crate::config::QueueConfig;
use crate::displacement::{Displaced, Tickets};
use crate::failure::store_error;
use crate::gauge::Gauge;
use crate::limit::{Full, Limit};
use crate::request::{Outcome, Request, Size};
use crate::suspects;

pub(crate) struct Writer {
    connection: SqliteConnection,
    gauge: Arc<Gauge>,
    limit: Limit,
    interval: Duration,
    most: usize,
    most_letters: u64,
    /// The stored events.
    held: Held,
    letters: LetterCounts,
    tickets: Option<Arc<Mutex<Tickets>>>,
    subscriptions: HashMap<SubscriptionName, i64>,
    /// Requests whose events wait for room.
    waiting: Vec<Request>,
    /// Whether the file records that it is served.
    has_begun: bool,
}

/// The size of the stored events. It is valid until another process writes to the file.
#[derive(Debug, Clone, Copy)]
struct Held {
    size: Size,
    /// As in [`LetterCounts`].
    version: i64,
}

/// The number of dead letters. It is valid until another process writes to the file.
#[derive(Debug, Clone, Copy)]
struct LetterCounts {
    count: u64,
    /// A number that changes when another process has written to the file.
    version: i64,
}

/// The effects of a transaction.
struct Done {
    held: Held,
    letters: LetterCounts,
    /// One for each request.
    outcomes: Vec<Outcome>,
    displaced: Vec<Displaced>,
    /// The size of the last event that was refused because there was no room.
    refused: Option<Size>,
    /// Held while events may be dropped, so that none is read meanwhile.
    tickets: Option<OwnedMutexGuard<Tickets>>,
    /// Dead letters that were dropped for newer ones.
    trimmed: Vec<String>,
}

impl Writer {
    /// # Errors
    ///
    /// Returns an error if the file can't be read.
    pub(crate) async fn new(
        mut connection: SqliteConnection,
        config: &QueueConfig,
        (gauge, tickets): (Arc<Gauge>, Option<Arc<Mutex<Tickets>>>),
    ) -> Result<Self> {
        let held = Held::of(&mut connection).await.map_err(store_error)?;
        let letters = LetterCounts::of(&mut connection)
            .await
            .map_err(store_error)?;
        Ok(Self {
            connection,
            gauge,
            limit: Limit::new(config),
            interval: config.commit_interval.get(),
            most: config.max_batch,
            most_letters: config.max_dead_letters.into(),
            held,
            letters,
            tickets,
            subscriptions: HashMap::new(),
            waiting: Vec::new(),
            has_begun: false,
        })
    }

    /// Records in the file that it is served; if that fails, the next transaction tries again.
    pub(crate) async fn begin(&mut self) {
        if !self.has_begun
            && let Err((error, none)) = self.transaction(Vec::new()).await
        {
            self.fail(&error, none);
        }
    }

    /// Writes until it is closed, and then closes the file. Events that still wait for room are not
    /// stored, and their publishers get an error.
    ///
    /// # Errors
    ///
    /// Returns an error if closing fails. Everything that was answered is in the file nevertheless.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) -> Result<()> {
        self.begin().await;
        while let Some(first) = requests.recv().await {
            let batch = self.gather(first, &mut requests).await;
            if batch.iter().any(|one| matches!(one, Request::Close)) {
                requests.close();
            }
            if batch.iter().any(Request::is_urgent) {
                self.interval = Duration::ZERO;
            }
            if batch.iter().any(|one| matches!(one, Request::Hurry)) {
                self.limit.open();
            }
            self.write(batch).await;
        }
        self.waiting.clear();
        if let Err(error) = suspects::end(&mut self.connection).await {
            let error = store_error(error);
            tracing::warn!(
                "the file can't be written, so that the next start takes this stop for a crash, and \
                 handles what was stored with more care; nothing of it is lost: {error}"
            );
        }
        self.connection.close().await.map_err(store_error)
    }

    /// Collects the requests that arrive within the interval, up to the size of one commit. A stop
    /// ends the waiting.
    async fn gather(&self, first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
        let until = Instant::now() + self.interval;
        let mut weight = first.weight();
        let mut batch = vec![first];
        while weight < self.most
            && !batch.last().is_some_and(Request::is_urgent)
            && let Ok(Some(request)) = timeout_at(until, requests.recv()).await
        {
            weight += request.weight();
            batch.push(request);
        }
        batch
    }

    /// Writes all requests in one transaction. If that fails for another reason than the disk, each
    /// request gets a transaction of its own, so that an invalid one does not affect the others.
    async fn write(&mut self, new: Vec<Request>) {
        if self.waiting.is_empty() && new.iter().all(Request::is_urgent) {
            return;
        }
        let mut batch = std::mem::take(&mut self.waiting);
        batch.extend(new);
        // Requests that remove events come first, to make room for the others.
        batch.sort_by_key(Request::is_append);
        let several = batch.len() > 1;
        let Err((error, batch)) = self.transaction(batch).await else {
            return;
        };
        if !several || error.kind().is_retriable() {
            return self.fail(&error, batch);
        }
        for request in batch {
            if let Err((error, request)) = self.transaction(vec![request]).await {
                self.fail(&error, request);
            }
        }
    }

    fn fail(&self, error: &Error, batch: Vec<Request>) {
        if error.kind().is_retriable() {
            self.gauge.fails(error);
        }
        for request in batch {
            request.answer(Outcome::Failed(same(error)));
        }
    }

    async fn transaction(&mut self, batch: Vec<Request>) -> Result<(), (Error, Vec<Request>)> {
        let attempt = self.attempt(&batch).await;
        self.gauge.holds_the_lock(false);
        match attempt {
            Ok(done) => {
                self.committed(done, batch);
                Ok(())
            }
            Err(error) => {
                // If the transaction is over already, there is nothing to roll back.
                drop(self.connection.execute("ROLLBACK").await);
                self.subscriptions.clear();
                Err((store_error(error), batch))
            }
        }
    }

    fn committed(&mut self, done: Done, batch: Vec<Request>) {
        self.has_begun = true;
        self.held = done.held;
        self.letters = done.letters;
        self.gauge.commits(&done.displaced, &done.trimmed);
        let (refused, drops) = (done.refused, !done.displaced.is_empty());
        for (request, outcome) in batch.into_iter().zip(done.outcomes) {
            match outcome {
                Outcome::Waits => self.waiting.push(request),
                outcome => request.answer(outcome),
            }
        }
        self.gauge.fills(self.full(refused, drops));
    }

    /// What happens to new events now: the same as to the last ones, until there would be room for
    /// those.
    fn full(&self, refused: Option<Size>, drops: bool) -> Option<Full> {
        let some = Size {
            events: 1,
            bytes: 1,
        };
        match self.gauge.full() {
            _ if !self.waiting.is_empty() => Some(Full::Waits),
            _ if refused.is_some() => refused.map(Full::Refuses),
            _ if drops => Some(Full::Drops),
            Some(Full::Refuses(size)) if !self.limit.has_room(self.held.size, size) => {
                Some(Full::Refuses(size))
            }
            Some(Full::Drops) if !self.limit.has_room(self.held.size, some) => Some(Full::Drops),
            _ => None,
        }
    }
}

/// The same error for a further requester.
fn same(error: &Error) -> Error {
    if error.kind().is_retriable() {
        Error::retriable(error.to_string())
    } else {
        Error::external(error.to_string())
    }
}
