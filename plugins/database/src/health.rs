//! Whether the database can be reached and takes writes.
//!
//! The answer takes at most 0.9 s (an idle connection and a new one that do not answer) or, when the
//! last writes leave it in doubt whether one works, 1.35 s (a new connection and a write); closing a
//! connection that was made for the question adds 0.25 s at most. The kernel takes a plugin that has
//! not answered within a second for not ready, and still waits for the answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_core::Result;
use sqlx::Connection;
use tokio::time::{Instant, timeout};

use crate::dialect::Dialect;
use crate::error::is_locked;
use crate::memory;
use crate::reach::Reach;

/// How long a connection of the pool may take to answer; then a new one is tried.
const IDLE: Duration = Duration::from_millis(250);

/// How long a new connection may take, until it has answered.
const NEW: Duration = Duration::from_millis(650);

/// How long a write may take that is made to see whether one works.
const WRITE: Duration = Duration::from_millis(700);

/// How long a write may be under way before it is in doubt that any works.
const LONG: Duration = Duration::from_secs(1);

/// How the writes go. A database that refused one, or lets one wait for long, is asked with a write
/// of its own until it takes one; otherwise it is not written to.
#[derive(Debug, Default)]
pub(crate) struct Writes(Mutex<Past>);

#[derive(Debug, Default)]
struct Past {
    /// Whether the last one was refused, or given up.
    is_refused: bool,
    /// How many worked.
    worked: u64,
    /// Those under way, each by a number.
    under_way: BTreeMap<u64, Way>,
    next: u64,
}

/// A write under way.
#[derive(Debug)]
struct Way {
    since: Instant,
    /// Whether it has the lock of the database's file, and so waits for nobody.
    has_lock: bool,
}

impl Writes {
    /// Remembers how a write went.
    pub(crate) fn went<T>(&self, result: &Result<T>) {
        let mut past = self.past();
        past.is_refused = result.is_err();
        past.worked += u64::from(result.is_ok());
    }

    /// Notes that a write begins. One that is given up before it has ended counts as refused: the
    /// caller's time limit may be shorter than the database's own.
    pub(crate) fn begin(&self) -> Begun<'_> {
        let mut past = self.past();
        let number = past.next;
        past.next += 1;
        let way = Way {
            since: Instant::now(),
            has_lock: false,
        };
        past.under_way.insert(number, way);
        Begun {
            writes: self,
            number,
            ended: false,
        }
    }

    fn worked(&self) -> u64 {
        self.past().worked
    }

    fn are_in_doubt(&self) -> bool {
        self.past().is_in_doubt()
    }

    fn have_the_lock(&self) -> bool {
        self.past().under_way.values().any(|way| way.has_lock)
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Past {
    fn is_in_doubt(&self) -> bool {
        let waits = |way: &Way| !way.has_lock && way.since.elapsed() >= LONG;
        self.is_refused || self.under_way.values().any(waits)
    }
}

/// A write that has begun.
#[must_use = "a write that is dropped counts as given up"]
pub(crate) struct Begun<'a> {
    writes: &'a Writes,
    number: u64,
    ended: bool,
}

impl Begun<'_> {
    /// It has the lock of the database's file.
    pub(crate) fn has_lock(&self) {
        if let Some(way) = self.writes.past().under_way.get_mut(&self.number) {
            way.has_lock = true;
        }
    }

    /// Remembers how it went.
    pub(crate) fn went<T>(mut self, result: &Result<T>) {
        self.ended = true;
        self.writes.went(result);
    }

    /// It says nothing of the database.
    pub(crate) fn tells_nothing(mut self) {
        self.ended = true;
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let mut past = self.writes.past();
        past.under_way.remove(&self.number);
        past.is_refused |= !self.ended;
    }
}

/// Asks the database.
///
/// # Errors
///
/// When it can't be reached, takes no writes, or lets calls wait for a connection: says why.
pub(crate) async fn check<D: Dialect>(
    (writer, reader): (&Reach<D>, &Reach<D>),
    writes: &Writes,
) -> Result<()> {
    writer.present()?;
    ask(writer, writes).await?;
    writer.has_room()?;
    reader.has_room()
}

/// By a connection that is there, or by a new one: not by waiting for one of the pool, in which
/// all may be busy.
async fn ask<D: Dialect>(writer: &Reach<D>, writes: &Writes) -> Result<()> {
    let (in_doubt, before) = (writes.are_in_doubt(), writes.worked());
    if !in_doubt
        && !D::IN_THIS_PROCESS
        && let Some(mut idle) = writer.idle()
        && let Ok(Ok(())) = timeout(IDLE, D::probe(idle.connection()?)).await
    {
        idle.give_back();
        return Ok(());
    }
    let mut connection = match timeout(NEW, probed(writer)).await {
        Ok(Ok(connection)) => connection,
        // The lock was in the hands of who writes here.
        Ok(Err(error))
            if is_locked(&error) && (writes.have_the_lock() || writes.worked() != before) =>
        {
            return Ok(());
        }
        Ok(Err(error)) => return Err(writer.refusal(error)),
        Err(_) => return Err(writer.silent(NEW)),
    };
    if in_doubt {
        let written = match timeout(WRITE, memory::try_write::<D>(&mut connection)).await {
            Ok(written) => written.map_err(|error| writer.refusal(error)),
            Err(_) => Err(writer.takes_no_write(WRITE)),
        };
        writes.went(&written);
        written?;
    }
    // It was for this question only.
    drop(timeout(IDLE, connection.close()).await);
    Ok(())
}

/// A new connection that has answered.
async fn probed<D: Dialect>(writer: &Reach<D>) -> sqlx::Result<D::Connection> {
    let mut connection = writer.connect_in_haste().await?;
    D::probe(&mut connection).await?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseConfig;
    use crate::sqlite;

    #[test]
    fn report_b23_a_write_that_is_given_up_counts_as_refused() {
        let writes = Writes::default();
        drop(writes.begin());
        assert!(writes.are_in_doubt());
        writes.begin().went(&Ok(()));
        assert!(!writes.are_in_doubt());
        writes.begin().tells_nothing();
        assert!(!writes.are_in_doubt());
    }

    #[tokio::test(start_paused = true)]
    async fn report_b23_a_write_that_waits_for_long_is_in_doubt_unless_it_has_the_lock() {
        let writes = Writes::default();
        let begun = writes.begin();
        assert!(!writes.are_in_doubt());
        tokio::time::advance(LONG).await;
        assert!(writes.are_in_doubt());
        begun.has_lock();
        assert!(!writes.are_in_doubt() && writes.have_the_lock());
        begun.went(&Ok(()));
        assert_eq!(writes.worked(), 1);
        assert!(!writes.are_in_doubt() && !writes.have_the_lock());
    }

    /// Who writes has the lock for as long as that takes, and is not in its own way.
    #[tokio::test]
    async fn report_b23_a_lock_of_ones_own_is_no_trouble() {
        let directory = tempfile::tempdir().unwrap();
        let config = DatabaseConfig::default();
        let path = directory.path().join("data.sqlite");
        let (writer, reader) = sqlite::open(&path, config.limits()).await.unwrap();
        let mut own = writer.connect_in_haste().await.unwrap();
        let _locked = own.begin_with("BEGIN IMMEDIATE").await.unwrap();
        let writes = Writes::default();
        let told = check((&writer, &reader), &writes).await.unwrap_err();
        assert!(told.to_string().contains("is locked"), "{told}");
        let begun = writes.begin();
        begun.has_lock();
        check((&writer, &reader), &writes).await.unwrap();
        begun.went(&Ok(()));
    }
}
