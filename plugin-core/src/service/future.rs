//! The return type of an `async fn` of a service. It needs one allocation, whichever provider is
//! called, and one more for each provider that returns the future of another one.
//!
//! Invariants: a future that borrows from a provider is dropped before the provider that is stored
//! with it, and is never moved out.

#[cfg(test)]
#[expect(unsafe_code, reason = "linkme puts the service into a link section")]
mod tests;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::{Service, ServiceTrait};
use crate::boxed::BoxFuture;

/// The future of a call of a service, in place of the future of an `async fn`.
#[must_use = "a future does nothing unless it is awaited"]
pub struct ServiceFuture<'call, R> {
    // It is dropped first, because it may borrow from the provider.
    future: BoxFuture<'call, R>,
    /// The called provider, if it is called through a handle.
    provider: Option<Arc<dyn Any + Send + Sync>>,
}

impl<'call, R> ServiceFuture<'call, R> {
    /// Wraps a boxed future. `#[service]` generates this around the body of an `async fn`.
    pub fn new(future: BoxFuture<'call, R>) -> Self {
        Self {
            future,
            provider: None,
        }
    }

    /// Converts it to an ordinary boxed future. The future of a provider itself is already boxed.
    #[must_use]
    pub fn boxed(self) -> BoxFuture<'call, R>
    where
        R: 'call,
    {
        match self.provider {
            None => self.future,
            Some(_) => Box::pin(self),
        }
    }
}

/// Declares that `'call` outlives `'provider`: what the caller lends can be used with a provider.
#[doc(hidden)]
pub type Outlives<'provider, 'call> = [&'provider &'call (); 0];

/// Calls the present provider, which is kept until the future is dropped. `#[service]` generates
/// one such call for each `async fn` of a service.
#[doc(hidden)]
#[inline]
#[expect(unsafe_code, reason = "the future is kept with what it borrows from")]
pub fn call_async<'call, T: ServiceTrait + ?Sized, R>(
    service: &'call Service<T>,
    call: impl for<'provider> FnOnce(
        &'provider T,
        Outlives<'provider, 'call>,
    ) -> ServiceFuture<'provider, R>,
) -> ServiceFuture<'call, R> {
    let provider = service.first();
    // If the provider returned the future of another provider, that future contains its own
    // provider.
    let future = call(provider.provider(), []).boxed();
    // SAFETY: the future borrows, for `'call`, what the caller lent, which lives as long, and, for
    // `'provider`, what `provider` holds. `call` knows only that `'provider` is shorter, and the
    // provider stays in place while it is counted. The two are stored together, the future is
    // dropped first, and its output `R` has a type that can't borrow for `'provider`.
    let future = unsafe { mem::transmute::<BoxFuture<'_, R>, BoxFuture<'call, R>>(future) };
    ServiceFuture {
        future,
        provider: Some(provider),
    }
}

impl<R> Future for ServiceFuture<'_, R> {
    type Output = R;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        self.future.as_mut().poll(context)
    }
}

impl<R> fmt::Debug for ServiceFuture<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceFuture")
            .field("through_handle", &self.provider.is_some())
            .finish_non_exhaustive()
    }
}
