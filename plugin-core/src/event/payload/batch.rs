//! Batches: the input of a batch handler, and its result for each event.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::envelope::Envelope;
use crate::counted::counted;
use crate::error::{Error, IntoError, Result};

/// Several events of one type, in the order in which they were accepted. A batch handler takes a
/// batch.
pub struct Batch<E>(Vec<Arc<Envelope<E>>>);

impl<E> Batch<E> {
    pub(crate) fn new(events: Vec<Arc<Envelope<E>>>) -> Self {
        Self(events)
    }

    /// The events in order.
    pub fn iter(&self) -> impl Iterator<Item = &Envelope<E>> {
        self.0.iter().map(Deref::deref)
    }

    /// The number of events, which is at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Always `false`: a batch has at least one event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<E: fmt::Debug> fmt::Debug for Batch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The results of a batch handler: one result for each event, in the order of the [`Batch`].
///
/// Each event is then treated separately: an event that succeeded is done; an event that failed is
/// retried if its handler has `retry` and its error is retriable, and becomes a dead letter
/// otherwise. The events that are retried form one batch, in their old order.
///
/// The outcome is collected from results. If it has more or fewer results than the batch has
/// events, it is not clear which event has which result, so all events fail with an error of kind
/// [`ErrorKind::Bug`](crate::ErrorKind::Bug).
///
/// # Example
///
/// ```
/// # use plugin_core::prelude::*;
/// # #[event("store.row")]
/// # #[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
/// # struct Row { cents: i64 }
/// fn check(row: &Row) -> Result<()> {
///     match row.cents {
///         0.. => Ok(()),
///         _ => Err(Error::external("a price is at least zero")),
///     }
/// }
///
/// /// `#[subscribe(batch = 256)]`
/// async fn store(rows: Batch<Row>) -> BatchOutcome {
///     rows.iter().map(|row| check(row.event())).collect()
/// }
/// ```
#[derive(Debug)]
#[must_use = "it says which events failed"]
pub struct BatchOutcome(Vec<Result<()>>);

impl BatchOutcome {
    /// The results, one for each event.
    pub fn results(&self) -> &[Result<()>] {
        &self.0
    }

    /// The result of a call with this number of events.
    fn of_call(self, events: usize) -> Result<()> {
        let results = self.0.len();
        if results != events {
            return Err(Error::bug(format!(
                "a batch of {} was answered with {}: a `BatchOutcome` has one for each event, in \
                 their order",
                counted(events, "event"),
                counted(results, "result")
            )));
        }
        match self.0.iter().all(Result::is_ok) {
            true => Ok(()),
            false => Err(Error::of_each(self.0)),
        }
    }
}

impl<E: Into<Error>> FromIterator<Result<(), E>> for BatchOutcome {
    fn from_iter<I: IntoIterator<Item = Result<(), E>>>(results: I) -> Self {
        let results = results.into_iter();
        Self(results.map(|result| result.map_err(Into::into)).collect())
    }
}

/// A type that a batch handler may return.
#[diagnostic::on_unimplemented(
    message = "a batch handler returns `()`, `Result<()>` or `BatchOutcome`, not `{Self}`",
    label = "this return type can't be handled",
    note = "write `-> Result<()>` if all events succeed or fail together, else `-> BatchOutcome`, \
            and collect one `Result<()>` for each event, in their order"
)]
pub trait IntoBatchOutcome: Sized {
    /// The results of the single events, if the method returned them.
    ///
    /// # Errors
    ///
    /// Returns the error that the method returned for all events.
    fn into_batch_outcome(self) -> Result<Option<BatchOutcome>>;
}

impl IntoBatchOutcome for () {
    fn into_batch_outcome(self) -> Result<Option<BatchOutcome>> {
        Ok(None)
    }
}

impl<E: IntoError> IntoBatchOutcome for Result<(), E> {
    fn into_batch_outcome(self) -> Result<Option<BatchOutcome>> {
        self.map(|()| None).map_err(IntoError::into_error)
    }
}

impl IntoBatchOutcome for BatchOutcome {
    fn into_batch_outcome(self) -> Result<Option<BatchOutcome>> {
        Ok(Some(self))
    }
}

impl<E: IntoError> IntoBatchOutcome for Result<BatchOutcome, E> {
    fn into_batch_outcome(self) -> Result<Option<BatchOutcome>> {
        self.map(Some).map_err(IntoError::into_error)
    }
}

/// Turns the return value of a batch handler into the result of the call. The error contains the
/// results of the single events.
pub(in crate::event) fn result_of(
    returned: Result<Option<BatchOutcome>>,
    events: usize,
) -> Result<()> {
    match returned? {
        Some(outcome) => outcome.of_call(events),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    fn outcome(results: impl IntoIterator<Item = Result<()>>) -> Result<Option<BatchOutcome>> {
        Ok(Some(results.into_iter().collect()))
    }

    #[test]
    fn results_of_all_events_are_one_result_of_the_call() {
        assert!(result_of(Ok(None), 3).is_ok());
        assert!(result_of(outcome([Ok(()), Ok(())]), 2).is_ok());
        let error = result_of(outcome([Ok(()), Err(Error::retriable("busy"))]), 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            "1 of 2 events failed, the first one: busy"
        );
        assert_eq!(error.kind(), ErrorKind::External { retriable: true });
        let each = error.into_each().unwrap();
        assert!(each[0].is_ok() && each[1].is_err());
    }

    #[test]
    fn too_few_or_too_many_results_are_a_bug_of_the_handler() {
        for results in [0, 1, 3] {
            let results = (0..results).map(|_| Ok(()));
            let error = result_of(outcome(results), 2).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Bug);
            assert!(
                error.to_string().starts_with("a batch of 2 events"),
                "{error}"
            );
            assert!(
                error.into_each().is_err(),
                "it says nothing of single events"
            );
        }
    }
}
