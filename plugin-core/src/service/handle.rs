//! The handles of a service. The provider behind a handle changes when it is replaced.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::ServiceTrait;
use super::switchboard::{ProviderEntry, ServiceSlot};
use crate::context::Current;

/// A handle of the only provider of a service. `#[service]` implements the trait for the handle, so
/// a call looks like a call of the provider: `self.users.find(id).await`.
///
/// The handle remains valid when the provider is restarted or reloaded: each call goes to the
/// present provider, and a call in progress keeps the provider with which it began.
pub struct Service<T: ServiceTrait + ?Sized> {
    slot: Arc<ServiceSlot<T>>,
}

/// The provider of one call, which is kept alive until the call has ended.
pub struct Provider<T: ServiceTrait + ?Sized>(Arc<ProviderEntry<T>>);

/// Handles of all providers of a service, highest priority first.
pub struct Services<T: ServiceTrait + ?Sized> {
    slot: Arc<ServiceSlot<T>>,
}

impl<T: ServiceTrait + ?Sized> Service<T> {
    pub(crate) fn new(slot: Arc<ServiceSlot<T>>) -> Self {
        Self { slot }
    }

    /// The present provider.
    ///
    /// # Panics
    ///
    /// Never panics in a plugin: a handle is created only when its provider is initialized, and a
    /// provider is replaced but not removed.
    #[must_use]
    pub fn provider(&self) -> Provider<T> {
        Provider(self.first())
    }

    pub(super) fn first(&self) -> Arc<ProviderEntry<T>> {
        self.slot.first().expect(PROVIDED)
    }
}

const PROVIDED: &str =
    "a handle is given out only when there is a provider, which is replaced but not removed";

/// Calls the present provider, which is kept until the call returns. `#[service]` generates one
/// such call for each `fn` of a service.
#[inline]
#[doc(hidden)]
pub fn call<T: ServiceTrait + ?Sized, R>(service: &Service<T>, call: impl FnOnce(&T) -> R) -> R {
    service.slot.call(call).expect(PROVIDED)
}

impl<T: ServiceTrait + ?Sized> Services<T> {
    pub(crate) fn new(slot: Arc<ServiceSlot<T>>) -> Self {
        Self { slot }
    }

    /// The present providers, highest priority first.
    #[must_use]
    pub fn providers(&self) -> Vec<Provider<T>> {
        self.slot
            .providers(|providers| providers.iter().cloned().map(Provider).collect())
    }
}

impl<T: ServiceTrait + ?Sized> Provider<T> {
    /// The context of the provider's code.
    pub(crate) fn current(&self) -> Current {
        self.0.owner.current()
    }

    /// Name of the providing plugin.
    #[must_use]
    pub fn plugin(&self) -> &'static str {
        self.0.owner.name()
    }
}

impl<T: ServiceTrait + ?Sized> Deref for Provider<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.provider()
    }
}

impl<T: ServiceTrait + ?Sized> Clone for Service<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.slot))
    }
}

impl<T: ServiceTrait + ?Sized> Clone for Services<T> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.slot))
    }
}

impl<T: ServiceTrait + ?Sized> fmt::Debug for Service<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service<dyn {}>", T::DESCRIPTOR.name)
    }
}

impl<T: ServiceTrait + ?Sized> fmt::Debug for Services<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Services<dyn {}>", T::DESCRIPTOR.name)
    }
}

impl<T: ServiceTrait + ?Sized> fmt::Debug for Provider<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider<dyn {}>({})", T::DESCRIPTOR.name, self.plugin())
    }
}
