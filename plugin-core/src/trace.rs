//! Which trace a piece of work belongs to, so that one cause can be followed through all plugins
//! ([W3C Trace Context](https://www.w3.org/TR/trace-context/)).
//!
//! Code that handles an event is in the span of that event, and what it publishes and requests
//! becomes a child of it; calls of services, and tasks that are spawned, stay in the trace of the
//! code that calls. What is published outside of any trace begins one. Nothing is sent anywhere:
//! the contexts travel with the events, and stand in the log.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::context;

pub use crate::traceparent::{SpanId, TraceContext, TraceId, TraceparentError};

/// The span that the code on this thread is in; `None` outside of any trace.
#[must_use]
pub fn current() -> Option<TraceContext> {
    context::lineage().trace()
}

/// Calls a function in a span: whatever it publishes and spawns belongs to the trace. Code that
/// awaits takes [`scope`].
pub fn in_scope<T>(span: TraceContext, function: impl FnOnce() -> T) -> T {
    context::within_span(span, function)
}

/// Runs a future in a span: whatever it publishes, requests, calls and spawns belongs to the trace.
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
/// Dropping it drops the future.
pub fn scope<F: Future>(span: TraceContext, future: F) -> Scope<F> {
    Scope {
        span,
        future: Box::pin(future),
    }
}

/// A future in a span; see [`scope`].
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
