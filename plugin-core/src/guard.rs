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
    match tokio::time::timeout(limit, Caught::new(current, future)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Error::timeout(format!("no answer within {limit:?}"))),
    }
}

/// Like [`run`], without a limit.
pub(crate) async fn unlimited<T>(current: Current, future: BoxFuture<'_, Result<T>>) -> Result<T> {
    Caught::new(current, future).await
}

/// A plugin's future whose panics are errors: when it is polled, and when it is dropped.
struct Caught<'a, T> {
    current: Current,
    future: Option<Scoped<'a, Result<T>>>,
}

impl<'a, T> Caught<'a, T> {
    fn new(current: Current, future: BoxFuture<'a, Result<T>>) -> Self {
        Self {
            current,
            future: Some(Scoped::new(current, future)),
        }
    }
}

impl<T> Future for Caught<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let Some(future) = &mut self.future else {
            return Poll::Ready(Err(Error::bug("polled after its end")));
        };
        catch_unwind(AssertUnwindSafe(|| Pin::new(future).poll(context)))
            .unwrap_or_else(|panic| Poll::Ready(Err(Error::panic(&*panic))))
    }
}

impl<T> Drop for Caught<'_, T> {
    fn drop(&mut self) {
        let future = self.future.take();
        let dropped = call(self.current, || {
            drop(future);
            Ok(())
        });
        if let Err(error) = dropped {
            tracing::error!(
                plugin = self.current.plugin,
                "a future that was given up {error}"
            );
        }
    }
}
