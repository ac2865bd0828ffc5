//! Calls plugin code, so that a panic or an exceeded time limit becomes an error of that call only.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::coop::{Unconstrained, unconstrained};
use tokio::time::{Sleep, sleep};

use crate::accounting::metered;
use crate::boxed::BoxFuture;
use crate::context::{Current, Frame, Scoped, within};
use crate::error::{Error, Result};

/// Calls a function of a plugin; a panic becomes an error.
pub(crate) fn call<T>(current: Current, function: impl FnOnce() -> Result<T>) -> Result<T> {
    within(&Frame::plugin(current), || {
        catch_unwind(AssertUnwindSafe(function)).unwrap_or_else(|panic| Err(Error::panic(&*panic)))
    })
}

/// Runs a future of a plugin with a time limit, which begins when the future first has to wait,
/// because the code before that can't be interrupted. A panic becomes an error.
///
/// # Cancel safety
///
/// If this future is dropped, the plugin's future is dropped at its last await.
pub(crate) async fn run<T>(
    current: Current,
    limit: Duration,
    future: BoxFuture<'_, Result<T>>,
) -> Result<T> {
    Limited {
        call: Caught::new(current, future),
        limit,
        timer: None,
    }
    .await
}

/// Like [`run`], without a limit.
pub(crate) async fn unlimited<T>(current: Current, future: BoxFuture<'_, Result<T>>) -> Result<T> {
    Caught::new(current, future).await
}

/// Most calls are complete at their first poll, so the timer is set only for the others.
struct Limited<'a, T> {
    call: Caught<'a, T>,
    limit: Duration,
    /// Unconstrained, so that a call that uses up its task's budget still times out.
    timer: Option<Pin<Box<Unconstrained<Sleep>>>>,
}

impl<T> Future for Limited<'_, T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.call).poll(context) {
            return Poll::Ready(outcome);
        }
        let limit = self.limit;
        let timer = (self.timer).get_or_insert_with(|| Box::pin(unconstrained(sleep(limit))));
        (timer.as_mut().poll(context))
            .map(|()| Err(Error::timeout(format!("no answer within {limit:?}"))))
    }
}

/// A plugin's future whose panics become errors, both when it is polled and when it is dropped.
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
        let account = self.current.account;
        let Some(future) = &mut self.future else {
            return Poll::Ready(Err(Error::bug("polled after its end")));
        };
        metered(account, || {
            catch_unwind(AssertUnwindSafe(|| Pin::new(future).poll(context)))
                .unwrap_or_else(|panic| Poll::Ready(Err(Error::panic(&*panic))))
        })
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
