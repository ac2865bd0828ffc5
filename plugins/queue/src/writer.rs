//! The one task that writes: it gathers what it is asked for into transactions, and answers when
//! they are committed.
//!
//! Invariants: an answer `Ok` comes after the commit; `held` is what the last commit left; what
//! waits for room comes before what is newer.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use plugin_core::event::DeadLetter;
use plugin_core::event::store::{Settled, Settlement, SubscriptionName};
use plugin_core::{Error, Result};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection, Executor};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::config::QueueConfig;
use crate::failure::store_error;
use crate::gauge::Gauge;
use crate::letters::{self, Place};
use crate::limit::{Admission, Limit};
use crate::request::{Append, Call, Outcome, Request, Revive, Settle, Size};
use crate::rows::{self, Displaced};
use crate::suspects;

pub(crate) struct Writer {
    connection: SqliteConnection,
    gauge: Arc<Gauge>,
    limit: Limit,
    interval: Duration,
    most: usize,
    most_letters: u32,
    /// What is stored.
    held: Size,
    subscriptions: HashMap<SubscriptionName, i64>,
    /// Events that wait for room.
    waiting: Vec<Request>,
    /// Whether the file says that it is served.
    has_begun: bool,
}

/// What a transaction did.
struct Done {
    held: Size,
    /// One for each request.
    outcomes: Vec<Outcome>,
    displaced: Vec<Displaced>,
    /// Dead letters that gave way to newer ones.
    trimmed: Vec<String>,
}

impl Writer {
    /// # Errors
    ///
    /// When the file can't be read.
    pub(crate) async fn new(
        mut connection: SqliteConnection,
        config: &QueueConfig,
        gauge: Arc<Gauge>,
    ) -> Result<Self> {
        let held = rows::held(&mut connection).await.map_err(store_error)?;
        Ok(Self {
            connection,
            gauge,
            limit: Limit::new(config),
            interval: config.commit_interval.get(),
            most: config.max_batch,
            most_letters: config.max_dead_letters,
            held,
            subscriptions: HashMap::new(),
            waiting: Vec::new(),
            has_begun: false,
        })
    }

    /// Notes in the file that it is served; if that fails, the next transaction tries again.
    pub(crate) async fn begin(&mut self) {
        if !self.has_begun
            && let Err((error, none)) = self.transaction(Vec::new()).await
        {
            self.fail(&error, none);
        }
    }

    /// Writes until it is closed; then closes the file. What waits for room then is not stored,
    /// and whoever asked is told.
    ///
    /// # Errors
    ///
    /// When closing fails; everything that was answered is in the file all the same.
    pub(crate) async fn run(mut self, mut requests: mpsc::Receiver<Request>) -> Result<()> {
        self.begin().await;
        while let Some(first) = requests.recv().await {
            let batch = self.gather(first, &mut requests).await;
            if batch
                .iter()
                .any(|request| matches!(request, Request::Close))
            {
                requests.close();
            }
            self.write(batch).await;
        }
        self.waiting.clear();
        if let Err(error) = suspects::end(&mut self.connection).await {
            tracing::warn!("the next start takes this stop for a crash: {error}");
        }
        self.connection.close().await.map_err(store_error)
    }

    /// What comes within the interval, or as much as goes into one commit.
    async fn gather(&self, first: Request, requests: &mut mpsc::Receiver<Request>) -> Vec<Request> {
        let until = Instant::now() + self.interval;
        let mut weight = first.weight();
        let mut batch = vec![first];
        while weight < self.most
            && let Ok(Some(request)) = timeout_at(until, requests.recv()).await
        {
            weight += request.weight();
            batch.push(request);
        }
        batch
    }

    /// One transaction for all; if that fails for another reason than the disk, one for each, so
    /// that a bad one harms no other.
    async fn write(&mut self, new: Vec<Request>) {
        let mut batch = std::mem::take(&mut self.waiting);
        batch.extend(new);
        // Who goes makes room for who comes.
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
        match self.attempt(&batch).await {
            Ok(done) => {
                self.committed(done, batch);
                Ok(())
            }
            Err(error) => {
                // When it is over already, there is nothing to roll back.
                drop(self.connection.execute("ROLLBACK").await);
                self.subscriptions.clear();
                Err((store_error(error), batch))
            }
        }
    }

    fn committed(&mut self, done: Done, batch: Vec<Request>) {
        self.has_begun = true;
        self.held = done.held;
        self.gauge.commits(&done.displaced, &done.trimmed);
        for (request, outcome) in batch.into_iter().zip(done.outcomes) {
            match outcome {
                Outcome::Waits => self.waiting.push(request),
                outcome => request.answer(outcome),
            }
        }
    }

    async fn attempt(&mut self, batch: &[Request]) -> sqlx::Result<Done> {
        self.connection.execute("BEGIN IMMEDIATE").await?;
        if !self.has_begun {
            suspects::begin(&mut self.connection).await?;
        }
        let mut done = Done {
            held: self.held,
            outcomes: Vec::with_capacity(batch.len()),
            displaced: Vec::new(),
            trimmed: Vec::new(),
        };
        for request in batch {
            let outcome = self.handle(request, &mut done).await?;
            done.outcomes.push(outcome);
        }
        self.connection.execute("COMMIT").await?;
        Ok(done)
    }

    async fn handle(&mut self, request: &Request, done: &mut Done) -> sqlx::Result<Outcome> {
        Ok(match request {
            Request::Append(append) => self.append(append, done).await?,
            Request::Settle(settle) => self.settle(settle, done).await?,
            Request::Revive(revive) => self.revive(revive, done).await?,
            Request::Call(call) => self.call(call).await?,
            Request::Keep(letter, _) => {
                self.keep(letter, None, done).await?;
                Outcome::Done
            }
            Request::Forget(id, _) => {
                Outcome::Forgotten(letters::remove(&mut self.connection, *id).await?)
            }
            Request::Probe(_) => self.probe().await?,
            Request::Close => Outcome::Done,
        })
    }

    async fn append(&mut self, append: &Append, done: &mut Done) -> sqlx::Result<Outcome> {
        match self.limit.admit(append, done.held) {
            Admission::Enter => {}
            Admission::Displace(room) => {
                let displaced = rows::displace(&mut self.connection, room).await?;
                for one in &displaced {
                    done.held = done.held.without(one.size);
                }
                done.displaced.extend(displaced);
            }
            Admission::Wait => return Ok(Outcome::Waits),
            Admission::Refuse(error) => return Ok(Outcome::Failed(error)),
        }
        let subscription = self.subscription(&append.subscription).await?;
        let positions = rows::insert(&mut self.connection, subscription, &append.events).await?;
        done.held = done.held.and(append.size());
        Ok(Outcome::Appended(positions))
    }

    async fn settle(&mut self, settle: &Settle, done: &mut Done) -> sqlx::Result<Outcome> {
        let subscription = self.subscription(&settle.subscription).await?;
        for one in &settle.settled {
            if let Settlement::Dead(letter) = &one.end {
                self.bury(subscription, (one.position, letter), done)
                    .await?;
            }
        }
        let positions: Vec<u64> = settle
            .settled
            .iter()
            .map(|one: &Settled| one.position)
            .collect();
        let gone = rows::delete(&mut self.connection, subscription, &positions).await?;
        done.held = done.held.without(gone);
        Ok(Outcome::Done)
    }

    /// Copies an event to the dead letters. One that was there before goes there again.
    async fn bury(
        &mut self,
        subscription: i64,
        (position, letter): (u64, &DeadLetter),
        done: &mut Done,
    ) -> sqlx::Result<()> {
        let found = rows::buried(&mut self.connection, subscription, position).await?;
        let Some(buried) = found else {
            return Ok(());
        };
        let again = match &buried.letter {
            Some(before) => &letters::parse(before)?.again(letter.clone()),
            None => letter,
        };
        let place = Place {
            position,
            published_ms: buried.published_ms,
        };
        self.keep(again, Some(place), done).await
    }

    async fn keep(
        &mut self,
        letter: &DeadLetter,
        place: Option<Place>,
        done: &mut Done,
    ) -> sqlx::Result<()> {
        letters::put(&mut self.connection, letter, place).await?;
        let gone = letters::trim(&mut self.connection, self.most_letters).await?;
        done.trimmed.extend(gone);
        Ok(())
    }

    async fn revive(&mut self, revive: &Revive, done: &mut Done) -> sqlx::Result<Outcome> {
        let subscription = self.subscription(&revive.subscription).await?;
        let size = letters::revive(&mut self.connection, subscription, &revive.letter).await?;
        done.held = done.held.and(size);
        Ok(Outcome::Done)
    }

    async fn call(&mut self, call: &Call) -> sqlx::Result<Outcome> {
        let subscription = self.subscription(&call.subscription).await?;
        let called = (&*call.positions, call.is_called);
        suspects::call(&mut self.connection, subscription, called).await?;
        Ok(Outcome::Done)
    }

    async fn probe(&mut self) -> sqlx::Result<Outcome> {
        let sql = "UPDATE counters SET value = value + 1 WHERE name = 'probes'";
        self.connection.execute(sql).await?;
        Ok(Outcome::Done)
    }

    async fn subscription(&mut self, name: &SubscriptionName) -> sqlx::Result<i64> {
        if let Some(&known) = self.subscriptions.get(name) {
            return Ok(known);
        }
        let id = rows::subscription(&mut self.connection, name).await?;
        self.subscriptions.insert(name.clone(), id);
        Ok(id)
    }
}

/// The same error for one more who asked.
fn same(error: &Error) -> Error {
    if error.kind().is_retriable() {
        Error::retriable(error.to_string())
    } else {
        Error::external(error.to_string())
    }
}
