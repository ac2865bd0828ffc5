//! One transaction: carries out requests in order, and commits all of them or none.

use std::borrow::Cow;
use std::sync::Arc;

use plugin_core::event::DeadLetter;
use plugin_core::event::store::{Settled, Settlement, SubscriptionName};
use sqlx::Executor;
use sqlx::sqlite::SqliteConnection;
use tokio::time::Instant;

use super::{Done, Held, LetterCounts, Writer};
use crate::choice;
use crate::database::BUSY;
use crate::displacement::{self, Displaced};
use crate::failure::is_locked;
use crate::letters::{self, Kept, Place};
use crate::limit::Admission;
use crate::request::{Append, Call, Outcome, Request, Revive, Settle, Size};
use crate::{rows, suspects};

impl LetterCounts {
    /// Counts the letters.
    pub(super) async fn of(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        Ok(Self {
            version: version(connection).await?,
            count: letters::count(connection).await?,
        })
    }

    /// Counts them again if another process has written to the file since.
    async fn look(&mut self, connection: &mut SqliteConnection) -> sqlx::Result<()> {
        if version(connection).await? != self.version {
            *self = Self::of(connection).await?;
        }
        Ok(())
    }

    fn add(&mut self, new: usize, gone: u64) {
        self.count = (self.count + new as u64).saturating_sub(gone);
    }
}

impl Held {
    /// Computes the size.
    pub(super) async fn of(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        Ok(Self {
            version: version(connection).await?,
            size: rows::held(connection).await?,
        })
    }
}

/// A number that changes with each commit of another connection.
async fn version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}

impl Writer {
    pub(super) async fn attempt(&mut self, batch: &[Request]) -> sqlx::Result<Done> {
        self.lock().await?;
        if !self.has_begun {
            suspects::begin(&mut self.connection).await?;
        }
        let mut done = Done {
            held: self.held,
            letters: self.letters,
            outcomes: Vec::with_capacity(batch.len()),
            displaced: Vec::new(),
            refused: None,
            trimmed: Vec::new(),
            tickets: match &self.tickets {
                Some(tickets) => Some(Arc::clone(tickets).lock_owned().await),
                None => None,
            },
        };
        if let Some(tickets) = &mut done.tickets {
            tickets.begin();
        }
        if batch.iter().any(Request::touches_letters) {
            done.letters.look(&mut self.connection).await?;
        }
        for request in batch {
            let outcome = self.handle(request, &mut done).await?;
            done.outcomes.push(outcome);
        }
        self.trim(&mut done).await?;
        self.connection.execute("COMMIT").await?;
        done.displaced.iter_mut().for_each(Displaced::is_gone);
        if let Some(tickets) = &mut done.tickets {
            tickets.commit();
        }
        Ok(done)
    }

    /// Takes the lock of the file. While another process has it, this tries again and again, so
    /// that a stop can end the waiting.
    async fn lock(&mut self) -> sqlx::Result<()> {
        let until = Instant::now() + BUSY;
        loop {
            match self.connection.execute("BEGIN IMMEDIATE").await {
                Err(error)
                    if is_locked(&error) && !self.gauge.is_hurried() && Instant::now() < until => {}
                locked => {
                    self.gauge.holds_the_lock(locked.is_ok());
                    return locked.map(drop);
                }
            }
        }
    }

    async fn handle(&mut self, request: &Request, done: &mut Done) -> sqlx::Result<Outcome> {
        Ok(match request {
            Request::Append(append) => self.append(append, done).await?,
            Request::Settle(settle) => self.settle(settle, done).await?,
            Request::Revive(revive) => self.revive(revive, done).await?,
            Request::Call(call) => self.call(call).await?,
            Request::Keep(letters, _) => {
                let kept = letters.iter().map(|letter| Kept {
                    letter: Cow::Borrowed(letter),
                    place: None,
                });
                self.keep(&kept.collect::<Vec<_>>(), done).await?
            }
            Request::Forget(ids, _) => {
                let gone = letters::remove(&mut self.connection, ids).await?;
                done.letters.add(0, gone);
                Outcome::Forgotten(gone)
            }
            Request::Answered(ids, _) => {
                choice::answered(&mut self.connection, ids).await?;
                Outcome::Done
            }
            Request::Wait(subscription, events, _) => {
                let subscription = self.subscription(subscription).await?;
                rows::wait(&mut self.connection, subscription, *events).await?;
                Outcome::Done
            }
            Request::Probe(_) => {
                self.recount(done).await?;
                self.probe().await?
            }
            Request::Hurry | Request::Close => Outcome::Done,
        })
    }

    async fn append(&mut self, append: &Append, done: &mut Done) -> sqlx::Result<Outcome> {
        match self.admit(append, done).await? {
            Admission::Enter => {}
            Admission::Displace(room) => {
                let Some(displaced) = self.displace(room, done).await? else {
                    return Ok(Outcome::Waits);
                };
                for one in &displaced {
                    done.held.size = done.held.size.without(one.size);
                }
                done.displaced.extend(displaced);
            }
            Admission::Wait => return Ok(Outcome::Waits),
            Admission::Refuse(error) => return Ok(Outcome::Failed(error)),
            Admission::Full(error) => {
                done.refused = Some(append.size());
                return Ok(Outcome::Failed(error));
            }
        }
        let subscription = self.subscription(&append.subscription).await?;
        let positions = rows::insert(&mut self.connection, subscription, &append.events).await?;
        done.held.size = done.held.size.and(append.size());
        if let Some(tickets) = &mut done.tickets {
            for (event, &position) in append.events.iter().zip(&positions) {
                tickets.add(position, &event.ticket);
            }
        }
        Ok(Outcome::Appended(positions))
    }

    /// Decides about an append. Before it finds that there is no room, it counts again if another
    /// process has written to the file, because that may have made room.
    async fn admit(&mut self, append: &Append, done: &mut Done) -> sqlx::Result<Admission> {
        match self.limit.admit(append, done.held.size) {
            enters @ (Admission::Enter | Admission::Refuse(_)) => Ok(enters),
            stays => {
                if !self.recount(done).await? {
                    return Ok(stays);
                }
                Ok(self.limit.admit(append, done.held.size))
            }
        }
    }

    /// Counts again if another process has written to the file; returns whether one has.
    async fn recount(&mut self, done: &mut Done) -> sqlx::Result<bool> {
        let has_changed = version(&mut self.connection).await? != done.held.version;
        if has_changed {
            done.held = Held::of(&mut self.connection).await?;
        }
        Ok(has_changed)
    }

    async fn displace(&mut self, room: Size, done: &Done) -> sqlx::Result<Option<Vec<Displaced>>> {
        match &done.tickets {
            Some(tickets) => displacement::displace(&mut self.connection, room, tickets).await,
            None => Ok(None),
        }
    }

    async fn settle(&mut self, settle: &Settle, done: &mut Done) -> sqlx::Result<Outcome> {
        let subscription = self.subscription(&settle.subscription).await?;
        self.bury(subscription, &settle.settled, done).await?;
        let positions: Vec<u64> = settle.settled.iter().map(|one| one.position).collect();
        let gone = rows::delete(&mut self.connection, subscription, &positions).await?;
        done.held.size = done.held.size.without(gone);
        Ok(Outcome::Done)
    }

    /// Copies events to the dead letters. An event that was a letter before becomes the same letter
    /// again.
    async fn bury(
        &mut self,
        subscription: i64,
        settled: &[Settled],
        done: &mut Done,
    ) -> sqlx::Result<()> {
        let dead: Vec<(u64, &DeadLetter)> = settled.iter().filter_map(dead).collect();
        if dead.is_empty() {
            return Ok(());
        }
        let positions: Vec<u64> = dead.iter().map(|(position, _)| *position).collect();
        let buried = rows::buried(&mut self.connection, subscription, &positions).await?;
        let mut kept = Vec::with_capacity(dead.len());
        for (position, letter) in dead {
            // An event that is settled already has its letter.
            let Some(buried) = buried.get(&position) else {
                continue;
            };
            let letter = match &buried.letter {
                Some(before) => Cow::Owned(letters::parse(before)?.again(letter.clone())),
                None => Cow::Borrowed(letter),
            };
            let place = Some(Place {
                position,
                published_ms: buried.published_ms,
            });
            kept.push(Kept { letter, place });
        }
        self.keep(&kept, done).await.map(drop)
    }

    async fn keep(&mut self, letters: &[Kept<'_>], done: &mut Done) -> sqlx::Result<Outcome> {
        let replaced = letters::put(&mut self.connection, letters).await?;
        done.letters.add(letters.len(), replaced);
        Ok(Outcome::Done)
    }

    /// Removes the oldest letters above the limit.
    async fn trim(&mut self, done: &mut Done) -> sqlx::Result<()> {
        let too_many = done.letters.count.saturating_sub(self.most_letters);
        if too_many > 0 {
            done.trimmed = letters::trim(&mut self.connection, too_many).await?;
            done.letters.add(0, done.trimmed.len() as u64);
        }
        Ok(())
    }

    async fn revive(&mut self, revive: &Revive, done: &mut Done) -> sqlx::Result<Outcome> {
        let subscription = self.subscription(&revive.subscription).await?;
        let (size, was_there) =
            letters::revive(&mut self.connection, subscription, &revive.letter).await?;
        done.held.size = done.held.size.and(size);
        done.letters.add(0, was_there.into());
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

/// The letter of a dead event.
fn dead(settled: &Settled) -> Option<(u64, &DeadLetter)> {
    match &settled.end {
        Settlement::Dead(letter) => Some((settled.position, letter)),
        _ => None,
    }
}
