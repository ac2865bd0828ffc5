//! The error of a call that had several events and failed with some of them.

use std::fmt;

use super::{Error, Result};
use crate::counted::counted;

/// The results of the single events, of which at least one is an error.
#[derive(Debug)]
struct Each(Vec<Result<()>>);

impl Error {
    /// The error of a call with these results of its events, at least one of which failed. Its kind
    /// is that of the first failure.
    pub(crate) fn of_each(results: Vec<Result<()>>) -> Self {
        let first = results.iter().find_map(|result| result.as_ref().err());
        let kind = first.map_or(super::ErrorKind::Bug, Self::kind);
        Self::new(kind, "").because(Each(results))
    }

    /// The results of the single events, if it has them.
    pub(crate) fn each(&self) -> Option<&[Result<()>]> {
        self.downcast_ref::<Each>().map(|each| &*each.0)
    }

    /// Takes the results of the single events.
    ///
    /// # Errors
    ///
    /// Returns the error itself if it does not contain such results.
    pub(crate) fn into_each(mut self) -> Result<Vec<Result<()>>> {
        match self.0.source.take().map(|source| source.downcast::<Each>()) {
            Some(Ok(each)) => Ok(each.0),
            Some(Err(source)) => {
                self.0.source = Some(source);
                Err(self)
            }
            None => Err(self),
        }
    }
}

impl fmt::Display for Each {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut failures = self.0.iter().filter_map(|result| result.as_ref().err());
        let (first, count) = (failures.next(), 1 + failures.count());
        let events = self.0.len();
        let events = counted(events, "event");
        write!(f, "{count} of {events} failed, the first one: ")?;
        first.map_or(Ok(()), |first| first.fmt(f))
    }
}

impl std::error::Error for Each {
    /// The error of the first event that failed.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let first = self.0.iter().find_map(|result| result.as_ref().err())?;
        Some(first.as_dyn())
    }
}
