//! Calls into plugin code: a panic and a time limit become errors of that call alone.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::context::{Current, Scoped, enter};
use crate::descriptor::BoxFuture;
use crate::error::{Error, Result};

/// Calls a function of a plugin; a panic becomes an error.
pub(crate) fn call<T>(current: Current, function: impl FnOnce() -> Result<T>) -> Result<T> {
    let _entered = enter(current);
    catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|panic| Err(Error::panic(&*panic)))
}

/// Runs a future of a plugin within a time limit; a panic becomes an error.
///
/// # Cancel safety
///
/// Dropping it drops the plugin's future at its last await.
pub(crate) async fn run<T>(
    current: Current,
    limit: Duration,
    future: BoxFuture<'_, Result<T>>,
) -> Result<T> {
    match tokio::time::timeout(limit, Caught(Scoped::new(current, future))).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::timeout(format!("no answer within {limit:?}"))),
    }
}

/// Like [`run`], without a limit.
pub(crate) async fn unlimited<T>(current: Current, future: BoxFuture<'_, Result<T>>) -> Result<T> {
    Caught(Scoped::new(current, future)).await
}

struct Caught<'a, T>(Scoped<'a, Result<T>>);

impl<T> Future for Caught<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.0).poll(context)))
            .unwrap_or_else(|panic| Poll::Ready(Err(Error::panic(&*panic))))
    }
}
