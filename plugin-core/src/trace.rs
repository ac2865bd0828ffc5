//! The trace to which a piece of work belongs, so that its effects can be followed through all
//! plugins ([W3C Trace Context](https://www.w3.org/TR/trace-context/)).
//!
//! Code that handles an event is in the span of that event, and what it publishes and requests
//! becomes a child of this span. Calls of services and spawned tasks stay in the trace of the code
//! that calls or spawns them. Publishing outside of any trace begins a new trace. Nothing is sent
//! to other systems: the contexts are part of the events and of the log.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context;

pub use crate::traceparent::{SpanId, TraceContext, TraceId, TraceparentError};

/// The span of the code that runs on this thread; `None` outside of any trace.
#[must_use]
pub fn current() -> Option<TraceContext> {
    context::lineage().trace()
}

/// Calls a function in a span: everything that it publishes and spawns belongs to the trace. For
/// asynchronous code, use [`scope`].
pub fn in_scope<T>(span: TraceContext, function: impl FnOnce() -> T) -> T {
    context::within_span(span, function)
}

/// Runs a future in a span: everything that it publishes, requests, calls and spawns belongs to the
/// trace.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use plugin_core::trace::{self, TraceContext};
///
/// let incoming: TraceContext = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
/// trace::scope(incoming.child(), async move {
///     assert_eq!(trace::current().unwrap().trace_id(), incoming.trace_id());
/// })
/// .await;
/// assert_eq!(trace::current(), None);
/// # });
/// ```
///
/// # Cancel safety
///
/// If the future is dropped, the inner future is dropped as well.
pub fn scope<F: Future>(span: TraceContext, future: F) -> Scope<F> {
    Scope {
        span,
        future: Box::pin(future),
    }
}

/// A future that runs in a span; see [`scope`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Scope<F> {
    span: TraceContext,
    future: Pin<Box<F>>,
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        context::within_span(self.span, || self.future.as_mut().poll(context))
    }
}
