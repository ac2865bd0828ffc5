//! Calls a lifecycle hook. The call runs on a task of its own, so that a hook that blocks its
//! thread delays nothing else. It is guarded, it has a deadline, and it is given up at once if the
//! operator insists on the stop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::accounting::metered;
use crate::boxed::BoxFuture;
use crate::context::Current;
use crate::error::{Error, Result};
use crate::guard;

/// The time limit of a hook, and what else ends it.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) timeout: Duration,
    pub(super) insist: CancellationToken,
    /// Ends `init` and `start` early if the system has to stop.
    pub(super) stopping: Option<CancellationToken>,
}

/// Runs a hook. The future is boxed, so that the many steps without a hook do not reserve space for
/// it.
///
/// # Cancel safety
///
/// If this future is dropped, the hook is aborted at its next await.
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

/// Completes when the operator insists and work that is almost done has had a short time to end.
pub(super) async fn insisted(insist: &CancellationToken) {
    insist.cancelled().await;
    tokio::time::sleep(MOMENT).await;
}

/// The time that hooks and drains still have after an operator insists.
const MOMENT: Duration = Duration::from_millis(100);

async fn cancelled(token: Option<&CancellationToken>) {
    match token {
        Some(token) => token.cancelled().await,
        None => std::future::pending().await,
    }
}
