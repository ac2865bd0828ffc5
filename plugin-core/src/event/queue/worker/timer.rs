//! The clock for calls that wait: one timer for all calls of a task. It is set when the first of
//! them waits. It is set again only if it fires too early, because most calls have ended by then.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::coop::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

#[derive(Default)]
pub(super) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Ready when the time has come. It has to be polled together with the call that has this
    /// deadline.
    pub(super) fn poll(&mut self, due: Instant, context: &mut Context<'_>) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
        }
        // Unconstrained, so that a call that uses up its task's budget still times out.
        while (Pin::new(&mut unconstrained(sleep.as_mut())).poll(context)).is_ready() {
            if Instant::now() >= due {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(due);
        }
        Poll::Pending
    }
}
