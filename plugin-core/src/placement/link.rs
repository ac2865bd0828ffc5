//! Calls of services that one side of the socket makes on the other.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::wire::WireServiceCall;
use crate::context;
use crate::error::{Error, Result};
use crate::service::{ServedCall, ServiceCall};

/// Most calls of services that are in progress at once, in one direction of a socket.
const MOST_CALLS: usize = 256;

/// Limits how many calls of services are in progress. Further calls wait.
#[derive(Debug)]
pub(super) struct CallLane(Arc<Semaphore>);

impl Default for CallLane {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_CALLS)))
    }
}

impl CallLane {
    /// Makes a call in the trace of the caller, as soon as the limit on calls permits it. The call
    /// fails when the time limit has passed, or the deadline of the request that the caller answers.
    pub(super) fn call<F>(
        &self,
        call: ServiceCall,
        limit: Duration,
        make: impl FnOnce(WireServiceCall) -> F + Send + 'static,
    ) -> ServedCall
    where
        F: Future<Output = Result<Box<RawValue>>> + Send + 'static,
    {
        let parent = context::lineage().trace().map(|trace| trace.to_stored());
        let now = Instant::now();
        let deadline = context::current().and_then(|current| current.deadline);
        let deadline = deadline.map_or(now + limit, |deadline| deadline.min(now + limit));
        let room = Arc::clone(&self.0);
        Box::pin(async move {
            let called = async move {
                let closed = |_| Error::bug("a lane of calls is never closed");
                let _room = room.acquire_owned().await.map_err(closed)?;
                let limit = deadline.saturating_duration_since(Instant::now());
                make(WireServiceCall {
                    call,
                    parent,
                    limit,
                })
                .await
            };
            let late = |_| {
                let limit = deadline.saturating_duration_since(now);
                Err(Error::timeout(format!("no answer within {limit:?}")))
            };
            let outcome = tokio::time::timeout_at(deadline, called).await;
            outcome.unwrap_or_else(late)
        })
    }
}
