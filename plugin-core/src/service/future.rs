//! What an `async fn` of a service returns: one box, whoever is called; one more for each provider
//! that passes on what another one returns.
//!
//! Invariants: a future that borrows from a provider is dropped before the provider that it is
//! kept with, and never leaves it.

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

/// The future of a call of a service, in place of an `async fn`'s.
#[must_use = "a future does nothing unless it is awaited"]
pub struct ServiceFuture<'call, R> {
    // Dropped first: it may borrow from the provider.
    future: BoxFuture<'call, R>,
    /// Who is called, if through a handle.
    provider: Option<Arc<dyn Any + Send + Sync>>,
}

impl<'call, R> ServiceFuture<'call, R> {
    /// Of a boxed future; `#[service]` writes it around the body of an `async fn`.
    pub fn new(future: BoxFuture<'call, R>) -> Self {
        Self {
            future,
            provider: None,
        }
    }

    /// The same as any other boxed future. That of a provider itself is boxed already.
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

/// Says that `'call` is longer than `'provider`: what the caller lent may be used with a provider.
#[doc(hidden)]
pub type Outlives<'provider, 'call> = [&'provider &'call (); 0];

/// Calls the provider of this moment, which stays until the future is dropped: `#[service]` writes
/// one for each `async fn` of a service.
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
    // One that was passed on by the provider brings its own provider, which stays with it.
    let future = call(provider.provider(), []).boxed();
    // SAFETY: the future borrows for `'call` what the caller lent, which lives as long, and for
    // `'provider`, which `call` knows nothing of but that it is shorter, what `provider` holds: that
    // stays in its place while it is counted. The two are kept together, the future is dropped
    // first, and its output, `R`, is of a type that can't borrow for `'provider`.
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
