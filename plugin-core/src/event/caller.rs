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

use super::descriptor::Event;
use super::envelope::Envelope;
use super::worker::Work;
use crate::error::Result;

/// Calls one handler, for one piece of work at a time. A panic of the plugin's code is an error of
/// the call that it is in.
pub(super) trait Caller: Send {
    fn begin(self: Pin<&mut Self>, work: Work);

    /// Polls the future of the call, which the first time makes it; once it is ready, it is gone.
    /// It runs on a worker of a mailbox.
    fn poll(self: Pin<&mut Self>, worker: usize, context: &mut Context<'_>) -> Poll<Result<()>>;

    /// Drops the future of the call, if it is not ready yet.
    ///
    /// # Errors
    ///
    /// When that panics.
    fn give_up(self: Pin<&mut Self>, worker: usize) -> Result<()>;

    /// Ends the call, if it has not ended: what it was for, `None` when none began.
    fn work(self: Pin<&mut Self>) -> &mut Option<Work>;
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
    /// Invariants: `future` may borrow from `work` and from what `make` owns, so it is the first
    /// to be dropped, and both stay as they are while it is there.
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
    fn begin(self: Pin<&mut Self>, work: Work) {
        let mut this = self.project();
        this.future.set(None);
        *this.work = Some(work);
    }

    fn poll(self: Pin<&mut Self>, worker: usize, context: &mut Context<'_>) -> Poll<Result<()>> {
        let mut this = self.project();
        let (work, make) = (this.work.as_ref().expect(BEGUN), this.make);
        let polled = work.guard(worker, || {
            if this.future.is_none() {
                this.future.set(Some(make(work)));
            }
            let future = this.future.as_mut().as_pin_mut();
            let polled = future.map_or(Poll::Pending, |future| future.poll(context));
            if polled.is_ready() {
                this.future.set(None);
            }
            polled
        });
        polled.unwrap_or_else(|panic| Poll::Ready(Err(panic)))
    }

    fn give_up(self: Pin<&mut Self>, worker: usize) -> Result<()> {
        let mut this = self.project();
        match this.work {
            Some(work) => work.guard(worker, || this.future.set(None)),
            None => Ok(()),
        }
    }

    fn work(self: Pin<&mut Self>) -> &mut Option<Work> {
        let mut this = self.project();
        // It is about to change, so that nothing may borrow from it.
        this.future.set(None);
        this.work
    }
}

/// What is expected of whoever polls a call.
const BEGUN: &str = "a call was begun";

/// A caller of a method, which borrows the plugin and the event.
#[expect(unsafe_code, reason = "a future lives beside what it borrows")]
pub(super) fn borrowing<T, E, H>(plugin: Arc<T>, handler: H) -> Pin<Box<dyn Caller>>
where
    T: Send + Sync + 'static,
    E: Event,
    H: for<'a> Handler<'a, T, E> + Send + 'static,
    <H as Handler<'static, T, E>>::Future: Send,
{
    InPlace::boxed(move |work: &Work| {
        let envelope: *const Envelope<E> = typed(work);
        // SAFETY: the plugin is owned by this closure, which is the place's `make`, and the
        // envelope is behind an `Arc` of its `work`. The place holds both for longer than the
        // future, see its invariants. The future can't tell how long that is: the handler takes
        // references of any lifetime.
        let (plugin, envelope) = unsafe { (&*Arc::as_ptr(&plugin), &*envelope) };
        handler(plugin, envelope)
    })
}

/// A caller of a function whose future owns what it needs.
pub(super) fn owning<F>(make: impl Fn(&Work) -> F + Send + 'static) -> Pin<Box<dyn Caller>>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    InPlace::boxed(make)
}

/// The event, which is of the route's type.
fn typed<E: Event>(work: &Work) -> &Envelope<E> {
    (work.payload().as_any().downcast_ref()).expect("a route carries one type of event")
}
