//! How a worker calls a handler: the future of a call is made and polled in one place, which is
//! there before the first event comes and serves one call after the other, so that a call
//! allocates nothing.

#[cfg(test)]
mod tests;

use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::context::{Frame, Identity, within};
use crate::error::{Error, Result};
use crate::event::payload::{AnyEvent, Envelope, EventData, Payload};

/// Calls one handler, one call at a time. A panic of the plugin's code is an error of the call that
/// it is in.
pub(in crate::event) trait Caller: Send {
    /// Makes the future of a call and polls it. The events have to stay until this returns; if the
    /// call waits then, the caller itself keeps what its future borrows.
    fn call(
        self: Pin<&mut Self>,
        first: &Arc<dyn Payload>,
        all: &dyn EventBatch,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>>;

    /// Polls the future of a call that waited; once it is ready, it is gone.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// Drops the future of the call, if it is not ready yet.
    ///
    /// # Errors
    ///
    /// When that panics.
    fn give_up(self: Pin<&mut Self>) -> Result<()>;
}

/// The events that a handler is called with, for one that takes a batch.
pub(in crate::event) trait EventBatch {
    fn all(&self) -> Vec<Arc<dyn Payload>>;
}

/// Whose handler is called, and the mailbox whose worker calls it.
pub(in crate::event) struct Callee {
    pub(in crate::event) owner: Arc<Identity>,
    pub(in crate::event) worker: usize,
}

/// A handler that borrows its event and its plugin for a call.
pub trait Handler<'a, T: 'a, E: 'a>: Fn(&'a T, &'a Envelope<E>) -> Self::Future {
    /// What runs.
    type Future: Future<Output = Result<()>> + 'a;
}

impl<'a, T, E, F, H> Handler<'a, T, E> for H
where
    T: 'a,
    E: 'a,
    F: Future<Output = Result<()>> + 'a,
    H: Fn(&'a T, &'a Envelope<E>) -> F,
{
    type Future = F;
}

pin_project! {
    /// The place of a call. `M` makes the future of the events.
    ///
    /// Invariants: `future` may borrow from the first of its events and from what `make` owns, so
    /// it is the first to be dropped, and both stay as they are while it is there. From the end of
    /// `call` on, `held` is that event.
    struct InPlace<M, F> {
        #[pin]
        future: Option<F>,
        held: Option<Arc<dyn Payload>>,
        make: M,
        callee: Callee,
    }
}

impl<M, F> InPlace<M, F>
where
    M: Fn(&Arc<dyn Payload>, &dyn EventBatch) -> F + Send + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    fn boxed(callee: Callee, make: M) -> Pin<Box<dyn Caller>> {
        Box::pin(Self {
            future: None,
            held: None,
            make,
            callee,
        })
    }
}

impl<M, F> Caller for InPlace<M, F>
where
    M: Fn(&Arc<dyn Payload>, &dyn EventBatch) -> F + Send,
    F: Future<Output = Result<()>> + Send,
{
    fn call(
        self: Pin<&mut Self>,
        first: &Arc<dyn Payload>,
        all: &dyn EventBatch,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let mut this = self.project();
        let make = this.make;
        let called = this.callee.guard(&**first, || {
            this.future.set(Some(make(first, all)));
            poll_once(this.future.as_mut(), context)
        });
        if let Ok(Poll::Ready(result)) = called {
            return Poll::Ready(result);
        }
        *this.held = Some(Arc::clone(first));
        called.unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    }

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut this = self.project();
        let Some(held) = this.held else {
            return Poll::Pending;
        };
        let called = (this.callee).guard(&**held, || poll_once(this.future.as_mut(), context));
        if matches!(called, Ok(Poll::Ready(_))) {
            *this.held = None;
        }
        called.unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    }

    fn give_up(self: Pin<&mut Self>) -> Result<()> {
        let mut this = self.project();
        // The event goes after the future, also when that panics.
        match this.held.take() {
            Some(held) => this.callee.guard(&*held, || this.future.set(None)),
            None => Ok(()),
        }
    }
}

impl Callee {
    /// Runs code of the handler's plugin; a panic becomes an error.
    #[inline(always)]
    fn guard<T>(&self, event: &dyn Payload, code: impl FnOnce() -> T) -> Result<T> {
        let frame = Frame::queued(&self.owner, event.meta_ref(), self.worker);
        within(&frame, || catch_unwind(AssertUnwindSafe(code)))
            .map_err(|panic| Error::panic(&*panic))
    }
}

/// Polls a future that goes once it is ready.
#[inline(always)]
fn poll_once<F: Future>(
    mut place: Pin<&mut Option<F>>,
    context: &mut Context<'_>,
) -> Poll<F::Output> {
    let Some(future) = place.as_mut().as_pin_mut() else {
        return Poll::Pending;
    };
    let polled = future.poll(context);
    if polled.is_ready() {
        place.set(None);
    }
    polled
}

/// A caller of a method, which borrows the plugin and the event.
#[expect(unsafe_code, reason = "a future lives beside what it borrows")]
pub(in crate::event) fn borrowing<T, E, H>(
    callee: Callee,
    plugin: Arc<T>,
    handler: H,
) -> Pin<Box<dyn Caller>>
where
    T: Send + Sync + 'static,
    E: EventData,
    H: for<'a> Handler<'a, T, E> + Send + 'static,
    <H as Handler<'static, T, E>>::Future: Send,
{
    InPlace::boxed(callee, move |event, _| {
        let envelope: *const Envelope<E> = typed(event);
        // SAFETY: the plugin is owned by this closure, which is the place's `make`. The envelope is
        // behind an `Arc`, which whoever calls holds during `call`, and the place itself from then
        // on, see its invariants. So both stay where they are for longer than the future. The
        // future can't tell how long that is: the handler takes references of any lifetime.
        let (plugin, envelope) = unsafe { (&*Arc::as_ptr(&plugin), &*envelope) };
        handler(plugin, envelope)
    })
}

/// A caller of a function whose future owns what it needs of the event.
pub(in crate::event) fn owning<F>(
    callee: Callee,
    make: impl Fn(&Arc<dyn Payload>) -> F + Send + 'static,
) -> Pin<Box<dyn Caller>>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    InPlace::boxed(callee, move |event, _| make(event))
}

/// A caller of a synchronous method, which is done when it returns.
pub(in crate::event) fn inline<E: EventData>(
    callee: Callee,
    call: impl Fn(&Envelope<E>) -> Result<()> + Send + 'static,
) -> Pin<Box<dyn Caller>> {
    InPlace::boxed(callee, move |event, _| ready(call(typed(event))))
}

/// As [`inline`], of a method that takes an event of any type.
pub(in crate::event) fn inline_any(
    callee: Callee,
    call: impl Fn(&AnyEvent<'_>) -> Result<()> + Send + 'static,
) -> Pin<Box<dyn Caller>> {
    InPlace::boxed(callee, move |event, _| {
        ready(call(&AnyEvent::new(&**event)))
    })
}

/// As [`owning`], of all the events of a batch.
pub(in crate::event) fn owning_all<F>(
    callee: Callee,
    make: impl Fn(Vec<Arc<dyn Payload>>) -> F + Send + 'static,
) -> Pin<Box<dyn Caller>>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    InPlace::boxed(callee, move |_, events| make(events.all()))
}

/// The event, which is of the route's type.
fn typed<E: EventData>(event: &Arc<dyn Payload>) -> &Envelope<E> {
    (event.as_any().downcast_ref()).expect("a route carries one type of event")
}
