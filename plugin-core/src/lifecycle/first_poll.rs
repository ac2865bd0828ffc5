//! What a future gives at its first poll: who gets it there needs no task, no timer and nobody who
//! waits.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Polls a future once: its output, if that is ready.
///
/// # Cancel safety
///
/// It does not wait, so it can't be dropped half-way.
pub(super) async fn first_poll<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
