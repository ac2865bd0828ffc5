//! How a worker calls a handler. The future of a call is created and polled in one allocation,
//! which exists before the first event and is used for one call after the other, so that a call
//! does not allocate.

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

/// Calls one handler, one call at a time. A panic in the plugin's code becomes an error of the
/// call.
pub(in crate::event) trait Caller: Send {
    /// Creates the future of a call and polls it. The events must exist until this returns; if the
    /// call has to wait then, the caller itself keeps what its future borrows.
    fn call(
        self: Pin<&mut Self>,
        first: &Arc<dyn Payload>,
        all: &dyn EventBatch,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>>;

    /// Polls the future of a call that had to wait. Once it is ready, the future is dropped.
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// Drops the future of the call, if it is not complete.
    ///
    /// # Errors
    ///
    /// Returns an error if the drop panics.
    fn give_up(self: Pin<&mut Self>) -> Result<()>;
}

/// The events of a call, for a handler that takes a batch.
pub(in crate::event) trait EventBatch {
    fn all(&self) -> Vec<Arc<dyn Payload>>;
}

/// The handler that is called, and the mailbox whose worker calls it.
pub(in crate::event) struct Callee {
    pub(in crate::event) owner: Arc<Identity>,
    pub(in crate::event) worker: usize,
}

/// A handler that borrows its event and its plugin for a call.
pub trait Handler<'a, T: 'a, E: 'a>: Fn(&'a T, &'a Envelope<E>) -> Self::Future {
    /// The future of the method.
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
    /// The place of a call. `M` creates the future from the events.
    ///
    /// Invariants: `future` may borrow from the first of its events and from what `make` owns.
    /// Therefore it is dropped first, and both stay in place while it exists. After the end of
    /// `call`, `held` is that event.
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
        // The event is dropped after the future, even if that drop panics.
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

/// Polls a future, which is dropped when it is ready.
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

/// A caller for a method that borrows the plugin and the event.
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
        // SAFETY: this closure owns the plugin; it is the `make` of the place. The envelope is
        // behind an `Arc`, which the code that calls holds during `call`, and the place itself
        // afterwards: see its invariants. So both stay in place for longer than the future exists.
        // The future can't depend on how long that is, because the handler accepts references of
        // any lifetime.
        let (plugin, envelope) = unsafe { (&*Arc::as_ptr(&plugin), &*envelope) };
        handler(plugin, envelope)
    })
}

/// A caller for a function whose future owns what it needs from the event.
pub(in crate::event) fn owning<F>(
    callee: Callee,
    make: impl Fn(&Arc<dyn Payload>) -> F + Send + 'static,
) -> Pin<Box<dyn Caller>>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    InPlace::boxed(callee, move |event, _| make(event))
}

/// A caller for a synchronous method, which is complete when it returns.
pub(in crate::event) fn inline<E: EventData>(
    callee: Callee,
    call: impl Fn(&Envelope<E>) -> Result<()> + Send + 'static,
) -> Pin<Box<dyn Caller>> {
    InPlace::boxed(callee, move |event, _| ready(call(typed(event))))
}

/// Like [`inline`], for a method that takes an event of any type.
pub(in crate::event) fn inline_any(
    callee: Callee,
    call: impl Fn(&AnyEvent<'_>) -> Result<()> + Send + 'static,
) -> Pin<Box<dyn Caller>> {
    InPlace::boxed(callee, move |event, _| {
        ready(call(&AnyEvent::new(&**event)))
    })
}

/// Like [`owning`], for all events of a batch.
pub(in crate::event) fn owning_all<F>(
    callee: Callee,
    make: impl Fn(Vec<Arc<dyn Payload>>) -> F + Send + 'static,
) -> Pin<Box<dyn Caller>>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    InPlace::boxed(callee, move |_, events| make(events.all()))
}

/// The event, which has the type of the route.
fn typed<E: EventData>(event: &Arc<dyn Payload>) -> &Envelope<E> {
    (event.as_any().downcast_ref()).expect("a route carries one type of event")
}
