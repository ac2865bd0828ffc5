//! Whose code runs right now: a frame on the stack around every call into a plugin, and one
//! pointer per thread to the innermost of them.
//!
//! Invariants: the pointer leads to a frame whose `within` has not returned; a frame stands still
//! while it is led to.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::descriptor::BoxFuture;
use crate::event::EventId;
use crate::instance::Identity;

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

/// Who is called within a frame.
pub(crate) enum Who<'a> {
    /// One plugin.
    Plugin(Current),
    /// The inline handlers of an event, one after the other; nothing is copied for each of them.
    Handlers {
        event: EventId,
        owners: &'a [Arc<Identity>],
        /// Which of them is called.
        at: Cell<usize>,
    },
}

thread_local! {
    static INNERMOST: Cell<*const Who<'static>> = const { Cell::new(ptr::null()) };
}

/// Whose code runs on this thread; `None` outside of any plugin.
#[must_use]
#[expect(unsafe_code, reason = "the innermost frame is on this thread's stack")]
pub fn current() -> Option<Current> {
    // SAFETY: the pointer is null or leads to a frame whose `within` has not returned. Only this
    // thread follows it, and frames are shared, never changed but for their cells.
    let who = unsafe { INNERMOST.get().as_ref() }?;
    match who {
        Who::Plugin(current) => Some(*current),
        Who::Handlers { event, owners, at } => Some(owners[at.get()].handling(*event)),
    }
}

/// Calls a function within a frame.
#[inline(always)]
pub(crate) fn within<'a, T>(who: &Who<'a>, function: impl FnOnce() -> T) -> T {
    let _restore = Restore(INNERMOST.replace(ptr::from_ref(who).cast()));
    function()
}

/// Restores what was innermost before, also when the code panics.
struct Restore(*const Who<'static>);

impl Drop for Restore {
    #[inline(always)]
    fn drop(&mut self) {
        INNERMOST.set(self.0);
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
        within(&Who::Plugin(self.current), || {
            self.future.as_mut().poll(context)
        })
    }
}
