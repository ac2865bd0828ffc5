//! How a worker calls a handler: the future of a call is made and polled in one place, which is
//! there before the first event comes and serves one call after the other, so that a call
//! allocates nothing.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::error::Result;
use crate::event::payload::Envelope;
use crate::event::payload::EventData;
use crate::event::queue::worker::Work;

/// Calls one handler, for one piece of work at a time. A panic of the plugin's code is an error of
/// the call that it is in.
pub(in crate::event) trait Caller: Send {
    /// Makes the future of a call and polls it. The work is taken out of its place only if the call
    /// has not come to its end by itself. It runs on a worker of a mailbox.
    ///
    /// # Panics
    ///
    /// When the place is empty.
    fn call(
        self: Pin<&mut Self>,
        work: &mut Option<Work>,
        worker: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>>;

    /// Polls the future of a call that waited; once it is ready, it is gone.
    fn poll(self: Pin<&mut Self>, worker: usize, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// Drops the future of the call, if it is not ready yet.
    ///
    /// # Errors
    ///
    /// When that panics.
    fn give_up(self: Pin<&mut Self>, worker: usize) -> Result<()>;

    /// Ends the call, if it has not ended: what was taken for it.
    fn take_back(self: Pin<&mut Self>) -> Option<Work>;
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
    /// The place of a call. `M` makes the future of a piece of work.
    ///
    /// Invariants: `future` may borrow from the events of its work and from what `make` owns, so it
    /// is the first to be dropped, and both stay as they are while it is there. Its work is in
    /// `work`, but for the time of `call`.
    struct InPlace<M, F> {
        #[pin]
        future: Option<F>,
        work: Option<Work>,
        make: M,
    }
}

impl<M, F> InPlace<M, F>
where
    M: Fn(&Work) -> F + Send + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    fn boxed(make: M) -> Pin<Box<dyn Caller>> {
        Box::pin(Self {
            future: None,
            work: None,
            make,
        })
    }
}

impl<M, F> Caller for InPlace<M, F>
where
    M: Fn(&Work) -> F + Send,
    F: Future<Output = Result<()>> + Send,
{
    fn call(
        self: Pin<&mut Self>,
        work: &mut Option<Work>,
        worker: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let mut this = self.project();
        let (begun, make) = (work.as_ref().expect(BEGUN), this.make);
        let called = begun.guard(worker, || {
            this.future.set(Some(make(begun)));
            poll_once(this.future.as_mut(), context)
        });
        if let Ok(Poll::Ready(result)) = called {
            return Poll::Ready(result);
        }
        // What the future borrows from changes its owner, and stays where it is.
        *this.work = work.take();
        called.unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    }

    fn poll(self: Pin<&mut Self>, worker: usize, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut this = self.project();
        let work = this.work.as_ref().expect(BEGUN);
        work.guard(worker, || poll_once(this.future.as_mut(), context))
            .unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    }

    fn give_up(self: Pin<&mut Self>, worker: usize) -> Result<()> {
        let mut this = self.project();
        match this.work {
            Some(work) => work.guard(worker, || this.future.set(None)),
            None => Ok(()),
        }
    }

    fn take_back(self: Pin<&mut Self>) -> Option<Work> {
        let mut this = self.project();
        // Nothing may borrow from what goes.
        this.future.set(None);
        this.work.take()
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

/// What is expected of whoever polls a call.
const BEGUN: &str = "a call was begun";

/// A caller of a method, which borrows the plugin and the event.
#[expect(unsafe_code, reason = "a future lives beside what it borrows")]
pub(in crate::event) fn borrowing<T, E, H>(plugin: Arc<T>, handler: H) -> Pin<Box<dyn Caller>>
where
    T: Send + Sync + 'static,
    E: EventData,
    H: for<'a> Handler<'a, T, E> + Send + 'static,
    <H as Handler<'static, T, E>>::Future: Send,
{
    InPlace::boxed(move |work: &Work| {
        let envelope: *const Envelope<E> = typed(work);
        // SAFETY: the plugin is owned by this closure, which is the place's `make`, and the
        // envelope is behind an `Arc` of its work, so that it stays where it is when the work is
        // moved. The place, and who calls it, hold both for longer than the future, see its
        // invariants. The future can't tell how long that is: the handler takes references of any
        // lifetime.
        let (plugin, envelope) = unsafe { (&*Arc::as_ptr(&plugin), &*envelope) };
        handler(plugin, envelope)
    })
}

/// A caller of a function whose future owns what it needs.
pub(in crate::event) fn owning<F>(
    make: impl Fn(&Work) -> F + Send + 'static,
) -> Pin<Box<dyn Caller>>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    InPlace::boxed(make)
}

/// The event, which is of the route's type.
fn typed<E: EventData>(work: &Work) -> &Envelope<E> {
    (work.payload().as_any().downcast_ref()).expect("a route carries one type of event")
}
