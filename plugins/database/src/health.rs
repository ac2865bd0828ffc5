//! The health of the database: whether it can be reached and accepts writes.
//!
//! The answer takes at most 0.9 s (an idle connection and a new one that do not answer). If the
//! last writes leave it in doubt whether writing works, it takes at most 1.35 s (a new connection
//! and a write). Closing a connection that was made for the check adds at most 0.25 s. If a plugin
//! has not answered within a second, the kernel treats it as not ready, and still waits for the
//! answer.

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

/// Time limit for the answer of a pooled connection; after that, a new one is tried.
const IDLE: Duration = Duration::from_millis(250);

/// Time limit for a new connection, including its first answer.
const NEW: Duration = Duration::from_millis(650);

/// Time limit of a write that tests whether writing works.
const WRITE: Duration = Duration::from_millis(700);

/// Duration of a write after which it is in doubt whether writing works.
const LONG: Duration = Duration::from_secs(1);

/// The results of writes. If the database refused a write, or lets one wait for long, the health
/// check writes itself until that succeeds; otherwise it does not write.
#[derive(Debug, Default)]
pub(crate) struct Writes(Mutex<Past>);

#[derive(Debug, Default)]
struct Past {
    /// Whether the last write was refused or given up.
    is_refused: bool,
    /// Number of successful writes.
    worked: u64,
    /// The writes in progress, each with a number.
    under_way: BTreeMap<u64, Way>,
    next: u64,
}

/// A write in progress.
#[derive(Debug)]
struct Way {
    since: Instant,
    /// Whether it holds the lock of the database's file, so that it does not wait for others.
    has_lock: bool,
}

impl Writes {
    /// Records the result of a write.
    pub(crate) fn went<T>(&self, result: &Result<T>) {
        let mut past = self.past();
        past.is_refused = result.is_err();
        past.worked += u64::from(result.is_ok());
    }

    /// Records the beginning of a write. A write that is given up before its end counts as refused,
    /// because the caller's time limit may be shorter than the database's own.
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
    /// Records that it holds the lock of the database's file.
    pub(crate) fn has_lock(&self) {
        if let Some(way) = self.writes.past().under_way.get_mut(&self.number) {
            way.has_lock = true;
        }
    }

    /// Records its result.
    pub(crate) fn went<T>(mut self, result: &Result<T>) {
        self.ended = true;
        self.writes.went(result);
    }

    /// Records that its result says nothing about the database.
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

/// Checks the database.
///
/// # Errors
///
/// Returns the reason if it can't be reached, accepts no writes, or lets calls wait for a
/// connection.
pub(crate) async fn check<D: Dialect>(
    (writer, reader): (&Reach<D>, &Reach<D>),
    writes: &Writes,
) -> Result<()> {
    writer.present()?;
    ask(writer, writes).await?;
    writer.has_room()?;
    reader.has_room()
}

/// Checks with an idle connection or a new one, without waiting for one of the pool, in which all
/// may be busy.
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
        // The writer of this process held the lock.
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
    // It was made only for this check.
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

    /// A writer holds the lock as long as it writes, and does not disturb itself.
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
