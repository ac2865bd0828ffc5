//! Whether the database can be reached and takes writes, told within a bounded time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plugin_core::{Error, Result};

use crate::dialect::Dialect;
use crate::error::classify;
use crate::memory;
use crate::reach::{Lease, Reach};

/// Longest time that the answer takes.
const LIMIT: Duration = Duration::from_secs(2);

/// How the last write went. A database that refused one is asked with a write of its own until it
/// takes one; one that refused none is not written to.
#[derive(Debug, Default)]
pub(crate) struct Writes(Mutex<Option<String>>);

impl Writes {
    /// Remembers how a write went.
    pub(crate) fn went<T>(&self, result: &Result<T>) {
        let refused = result.as_ref().err().map(Error::to_string);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// Notes that a write begins. One that is given up before it has ended counts as refused: the
    /// caller's time limit may be shorter than the database's own.
    pub(crate) fn begin(&self) -> Begun<'_> {
        Begun {
            writes: self,
            ended: false,
        }
    }

    fn refused(&self) -> bool {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_some()
    }
}

/// A write that has begun.
#[must_use = "a write that is dropped counts as given up"]
pub(crate) struct Begun<'a> {
    writes: &'a Writes,
    ended: bool,
}

impl Begun<'_> {
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
        if !self.ended {
            let given_up: Result<()> = Err(Error::retriable("a write was given up"));
            self.writes.went(&given_up);
        }
    }
}

/// Asks the database.
///
/// # Errors
///
/// When it can't be reached, or takes no writes: says why.
pub(crate) async fn check<D: Dialect>(writer: &Reach<D>, writes: &Writes) -> Result<()> {
    writer.present()?;
    reachable(writer).await?;
    if !writes.refused() {
        return Ok(());
    }
    let written = match tokio::time::timeout(LIMIT, write(writer)).await {
        Ok(written) => written,
        Err(_) => Err(writer.silent(LIMIT)),
    };
    writes.went(&written);
    written.map_err(|error| error.context("writes are refused"))
}

/// By a connection that is there, or by a new one: not by waiting for one of the pool, in which
/// all may be busy.
async fn reachable<D: Dialect>(writer: &Reach<D>) -> Result<()> {
    if let Some(mut idle) = writer.idle() {
        let answered = tokio::time::timeout(LIMIT, D::probe(idle.connection()?)).await;
        if let Ok(Ok(())) = answered {
            idle.give_back();
            return Ok(());
        }
    }
    let mut connection = writer.connect(LIMIT).await?;
    match tokio::time::timeout(LIMIT, D::probe(&mut connection)).await {
        Ok(answered) => answered.map_err(classify),
        Err(_) => Err(writer.silent(LIMIT)),
    }
}

async fn write<D: Dialect>(writer: &Reach<D>) -> Result<()> {
    let mut lease: Lease<D> = writer.lease(LIMIT).await?;
    memory::try_write::<D>(lease.connection()?).await?;
    lease.give_back();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_b23_a_write_that_is_given_up_counts_as_refused() {
        let writes = Writes::default();
        drop(writes.begin());
        assert!(writes.refused());
        writes.begin().went(&Ok(()));
        assert!(!writes.refused());
        writes.begin().tells_nothing();
        assert!(!writes.refused());
    }
}
