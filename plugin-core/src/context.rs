//! The plugin whose code is running: there is a frame on the stack around every call into a plugin,
//! and one pointer for each thread to the innermost frame.
//!
//! Invariants: the pointer refers to a frame whose `within` has not returned; a frame does not move
//! while the pointer refers to it.

mod counts;
mod drops;
mod identity;
mod meta;

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::OnceLock;
use std::task::{Context, Poll};

use tokio::time::Instant;

use crate::accounting::{Account, Accounts};
use crate::boxed::BoxFuture;
use crate::permission::Grants;
use crate::traceparent::TraceContext;

pub(crate) use counts::Counters;
pub use counts::EventCounts;
pub use drops::DropCounts;
pub(crate) use drops::DropReason;
pub use identity::Identity;
pub(crate) use identity::InstanceId;
pub use meta::EventId;
pub(crate) use meta::{Lineage, Meta};

/// The plugin whose code runs on this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// Name of the instance.
    pub plugin: &'static str,
    /// The event that it handles, if there is one.
    pub event: Option<EventId>,
    /// Whether it may write to the log.
    pub may_log: bool,
    /// The time at which the requester stops waiting, if a request is being answered.
    pub deadline: Option<Instant>,
    /// The mailbox of the worker that runs this code. Its handlers must not wait for room in it.
    pub(crate) worker: Option<usize>,
    /// The instance that is answering a request with this code.
    pub(crate) answering: Option<usize>,
    /// The origin of this work.
    pub(crate) lineage: Lineage,
    /// The account that is billed for it.
    pub(crate) account: &'static Account,
}

/// One call into plugin code, on the stack.
pub(crate) struct Frame<'a> {
    who: Who<'a>,
    /// The index of the called handler, relative to `first`. For a series, the index of the event.
    first: Cell<usize>,
    step: Cell<u32>,
}

enum Who<'a> {
    /// One plugin.
    Plugin(Current),
    /// The inline handlers of an event, one after the other. Nothing is copied for each of them.
    Handlers(&'a dyn Handlers, &'a Meta),
    /// An inline handler that gets several events, one after the other.
    Series(&'a Identity, &'a dyn Series),
    /// A queued handler of an event, and the mailbox whose worker calls it.
    Queued(&'a Identity, &'a Meta, usize),
    /// The code that was called before, which now works in a span of its own.
    Span(TraceContext, Option<Current>),
}

/// The inline handlers of an event.
pub(crate) trait Handlers {
    /// The owner of a handler; `None` if there is no such handler.
    fn owner(&self, at: usize) -> Option<&Identity>;
}

/// The events of a series.
pub(crate) trait Series {
    /// The publishing data of one of them.
    fn meta(&self, at: usize) -> &Meta;
}

impl<'a> Frame<'a> {
    pub(crate) fn plugin(current: Current) -> Self {
        Self::of(Who::Plugin(current))
    }

    #[inline(always)]
    pub(crate) fn handlers(handlers: &'a dyn Handlers, event: &'a Meta) -> Self {
        Self::of(Who::Handlers(handlers, event))
    }

    pub(crate) fn series(owner: &'a Identity, events: &'a dyn Series) -> Self {
        Self::of(Who::Series(owner, events))
    }

    #[inline(always)]
    pub(crate) fn queued(owner: &'a Identity, event: &'a Meta, worker: usize) -> Self {
        Self::of(Who::Queued(owner, event, worker))
    }

    #[inline(always)]
    fn of(who: Who<'a>) -> Self {
        Self {
            who,
            first: Cell::new(0),
            step: Cell::new(0),
        }
    }

    /// Sets the handler that is called; later steps are relative to it.
    #[inline(always)]
    pub(crate) fn begin(&self, first: usize) {
        self.first.set(first);
        self.step.set(0);
    }

    /// Sets that the handler `step` places after the first is called.
    #[inline(always)]
    pub(crate) fn step(&self, step: u32) {
        self.step.set(step);
    }

    /// The index of the event in a series with which the handler is called.
    pub(crate) fn cursor(&self) -> &Cell<usize> {
        &self.first
    }

    /// The index of the called handler.
    pub(crate) fn place(&self) -> usize {
        self.first.get() + self.step.get() as usize
    }

    fn current(&self) -> Option<Current> {
        match &self.who {
            Who::Plugin(current) => Some(*current),
            Who::Handlers(handlers, event) => {
                (handlers.owner(self.place())).map(|owner| owner.handling(event))
            }
            Who::Series(owner, events) => Some(owner.handling(events.meta(self.first.get()))),
            Who::Queued(owner, event, worker) => Some(Current {
                worker: Some(*worker),
                ..owner.handling(event)
            }),
            Who::Span(_, current) => *current,
        }
    }

    /// The account that is billed for the code.
    #[inline]
    fn account(&self) -> Option<&'static Account> {
        match &self.who {
            Who::Plugin(current) | Who::Span(_, Some(current)) => Some(current.account),
            Who::Handlers(handlers, _) => handlers.owner(self.place()).map(Identity::account),
            Who::Series(owner, _) | Who::Queued(owner, _, _) => Some(owner.account()),
            Who::Span(_, None) => None,
        }
    }

    fn lineage(&self) -> Lineage {
        match &self.who {
            Who::Plugin(current) => current.lineage,
            Who::Handlers(_, event) | Who::Queued(_, event, _) => event.lineage(),
            Who::Series(_, events) => events.meta(self.first.get()).lineage(),
            Who::Span(span, _) => Lineage::Span(*span),
        }
    }
}

thread_local! {
    static INNERMOST: Cell<*const Frame<'static>> = const { Cell::new(ptr::null()) };
}

/// The plugin whose code runs on this thread; `None` outside of plugins.
#[must_use]
#[expect(unsafe_code, reason = "the innermost frame is on this thread's stack")]
pub fn current() -> Option<Current> {
    // SAFETY: the pointer is null or refers to a frame whose `within` has not returned. Only this
    // thread follows it, and frames are shared and never changed except for their cells.
    let innermost = unsafe { INNERMOST.get().as_ref() }?;
    innermost.current()
}

/// The account that is billed for the code that runs on this thread. It neither allocates nor
/// panics, because an allocator calls it.
#[inline]
#[must_use]
#[expect(unsafe_code, reason = "the innermost frame is on this thread's stack")]
pub fn account_at_work() -> Option<&'static Account> {
    // SAFETY: as in `current`.
    let innermost = unsafe { INNERMOST.get().as_ref() }?;
    innermost.account()
}

/// The origin of this thread's work.
#[inline]
#[expect(unsafe_code, reason = "the innermost frame is on this thread's stack")]
pub(crate) fn lineage() -> Lineage {
    // SAFETY: as in `current`.
    let innermost = unsafe { INNERMOST.get().as_ref() };
    innermost.map_or(Lineage::None, Frame::lineage)
}

/// Whether an allocator bills memory to the plugin whose code is running. This is tested once.
pub(crate) fn bills_memory() -> bool {
    static BILLS: OnceLock<bool> = OnceLock::new();
    *BILLS.get_or_init(|| {
        const SIZE: usize = 256;
        let probe = Accounts::new().whole();
        let current = Identity::new("probe", InstanceId::LAST, Grants::all("probe")).billed(probe);
        within(&Frame::plugin(current.current()), || {
            let _block = std::hint::black_box(Box::new([0_u8; SIZE]));
            probe.memory() >= SIZE
        })
    })
}

/// Calls a function in a span. The plugin whose code is running stays the same.
pub(crate) fn within_span<T>(span: TraceContext, function: impl FnOnce() -> T) -> T {
    let lineage = Lineage::Span(span);
    let current = current().map(|current| Current { lineage, ..current });
    within(&Frame::of(Who::Span(span, current)), function)
}

/// Calls a function within a frame.
#[inline(always)]
pub(crate) fn within<T>(frame: &Frame<'_>, function: impl FnOnce() -> T) -> T {
    let _restore = Restore(INNERMOST.replace(ptr::from_ref(frame).cast()));
    function()
}

/// Restores the previous innermost frame, even if the code panics.
struct Restore(*const Frame<'static>);

impl Drop for Restore {
    #[inline(always)]
    fn drop(&mut self) {
        INNERMOST.set(self.0);
    }
}

/// A future of a plugin; each poll runs in the plugin's context.
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
        within(&Frame::plugin(self.current), || {
            self.future.as_mut().poll(context)
        })
    }
}
