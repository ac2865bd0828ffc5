//! Whose code runs right now: kept per thread, set around every call into a plugin.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::descriptor::BoxFuture;
use crate::event::EventId;

/// Whose code runs on this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// Name of the instance.
    pub plugin: &'static str,
    /// The event that it handles, if any.
    pub event: Option<EventId>,
    /// Whether it may write to the log.
    pub may_log: bool,
    /// The mailbox whose worker this is: its handlers must not wait for room in it.
    pub(crate) worker: Option<usize>,
}

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

/// Whose code runs on this thread; `None` outside of any plugin.
#[must_use]
pub fn current() -> Option<Current> {
    CURRENT.get()
}

/// Restores what was current before, also when the code panics.
#[derive(Debug)]
pub(crate) struct Entered(Option<Current>);

pub(crate) fn enter(current: Current) -> Entered {
    Entered(CURRENT.replace(Some(current)))
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// A future of a plugin: each poll is in the plugin's context.
pub(crate) struct Scoped<'a, T> {
    current: Current,
    future: BoxFuture<'a, T>,
}

impl<'a, T> Scoped<'a, T> {
    pub(crate) fn new(current: Current, future: BoxFuture<'a, T>) -> Self {
        Self { current, future }
    }
}

impl<T> Future for Scoped<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let _entered = enter(self.current);
        self.future.as_mut().poll(context)
    }
}
