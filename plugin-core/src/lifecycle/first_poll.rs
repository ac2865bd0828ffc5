//! Polls a future once. If the future is ready then, it needs no task and no timer.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Polls a future once, and returns its output if it is ready.
///
/// # Cancel safety
///
/// It never waits, so it can't be dropped before it is complete.
pub(super) async fn first_poll<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
