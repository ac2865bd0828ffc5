//! One call of a lifecycle hook: on a task of its own, so that a hook which blocks its thread is
//! late and not in the way; guarded, with a deadline, and given up at once when the operator insists.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::accounting::metered;
use crate::boxed::BoxFuture;
use crate::context::Current;
use crate::error::{Error, Result};
use crate::guard;

/// How long a hook may take, and what ends it early.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    pub(super) insist: CancellationToken,
    /// Ends `init` and `start` when the system is to stop before they are done.
    pub(super) stopping: Option<CancellationToken>,
}

/// Runs a hook. In a box: the many steps without a hook have no place for one.
///
/// # Cancel safety
///
/// Dropping it aborts the hook at its next await.
pub(super) fn run<T: Send + 'static>(
    current: Current,
    name: &'static str,
    limits: Limits,
    hook: impl FnOnce() -> Result<BoxFuture<'static, Result<T>>> + Send + 'static,
) -> BoxFuture<'static, Result<T>> {
    Box::pin(run_within(current, name, limits, hook))
}

async fn run_within<T: Send + 'static>(
    current: Current,
    name: &'static str,
    limits: Limits,
    hook: impl FnOnce() -> Result<BoxFuture<'static, Result<T>>> + Send + 'static,
) -> Result<T> {
    let call = tracing::Instrument::instrument(
        async move {
            let future = metered(current.account, || guard::call(current, hook))?;
            guard::unlimited(current, future).await
        },
        tracing::info_span!("hook", plugin = current.plugin, hook = name),
    );
    let mut task = AbortOnDropHandle::new(crate::spawn::spawn(call));
    tokio::select! {
        biased;
        ended = &mut task => ended.unwrap_or_else(|error| {
            Err(if error.is_panic() {
                Error::panic(&*error.into_panic())
            } else {
                Error::bug("the runtime shut down")
            })
        }),
        () = cancelled(limits.stopping.as_ref()) => {
            Err(Error::external(format!("`{name}` was given up: the system stops")))
        }
        () = insisted(&limits.insist) => {
            Err(Error::timeout(format!("`{name}` was given up: the operator insisted")))
        }
        () = tokio::time::sleep(limits.timeout) => {
            Err(Error::timeout(format!("`{name}` did not return within {:?}", limits.timeout)))
        }
    }
}

/// Completes when the operator insists and what is nearly done had a moment to end.
pub(super) async fn insisted(insist: &CancellationToken) {
    insist.cancelled().await;
    tokio::time::sleep(MOMENT).await;
}

/// What an insisting operator still leaves to a hook or a drain.
const MOMENT: Duration = Duration::from_millis(100);

async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}
