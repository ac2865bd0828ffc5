//! Compares the rights that a plugin needs with those that it was granted.

use super::Descriptor;
use crate::event::EventStore;
use crate::init::{Arity, Need};
use crate::permission::{Grants, PermissionDenied, Right};
use crate::service::ServiceTrait;

impl Grants {
    /// The rights that a plugin needs and that were not granted: those for the parameters of its
    /// `init`, and for the events of its handlers. Nothing is recorded.
    #[must_use]
    pub fn check(&self, descriptor: &Descriptor) -> Vec<PermissionDenied> {
        self.refusals(descriptor, |need| !is_optional(need))
    }

    /// All rights that a plugin asks for and that were not granted, including optional ones.
    /// Nothing is recorded.
    #[must_use]
    pub fn withheld(&self, descriptor: &Descriptor) -> Vec<PermissionDenied> {
        self.refusals(descriptor, |_| true)
    }

    fn refusals(
        &self,
        descriptor: &Descriptor,
        counts: fn(&Need) -> bool,
    ) -> Vec<PermissionDenied> {
        let needs = (descriptor.needs.iter())
            .filter(|need| counts(need) && !is_the_kernels(descriptor, need))
            .filter_map(right_of);
        let handlers = descriptor
            .subscriptions
            .iter()
            .map(|subscription| Right::Subscribe(subscription.source.topic()));
        let responds = descriptor
            .responds
            .iter()
            .map(|respond| Right::Respond(respond.request.topic));
        let handlers = handlers.chain(responds);
        let interceptors = descriptor.interceptors.iter();
        let handlers = handlers.chain(interceptors.map(|one| Right::Intercept(one.topics)));
        self.missing(needs.chain(handlers))
    }
}

/// The right that a need requires, if it requires one.
fn right_of(need: &Need) -> Option<Right<'_>> {
    match need {
        Need::Service { service, .. } => Some(Right::Use(service.name)),
        Need::Publish(event) => Some(Right::Publish(event.topic)),
        Need::PublishAny => Some(Right::PublishAny),
        Need::Subscribe | Need::Observe => Some(Right::SubscribeAny),
        Need::Request { request, .. } => Some(Right::Request(request.topic)),
        Need::RequestAny => Some(Right::RequestAny),
        Need::Files => Some(Right::FilesAny),
        Need::System => Some(Right::ViewSystem),
        Need::Operate { .. } => Some(Right::OperateSystem),
        Need::Schedule => Some(Right::Schedule),
        Need::Config(_)
        | Need::DataDir
        | Need::Clock
        | Need::SecurityLog
        | Need::Snapshot
        | Need::Handover
        | Need::Meter
        | Need::Other(_) => None,
    }
}

/// Whether a plugin uses the right if it is granted, and starts without it otherwise.
fn is_optional(need: &Need) -> bool {
    matches!(
        need,
        Need::Observe
            | Need::Operate {
                arity: Arity::Optional
            }
    )
}

/// Whether the kernel uses a service on behalf of the plugin, which requires no right of the
/// plugin. If the plugin itself asks for the store, its `init` requires the right.
fn is_the_kernels(descriptor: &Descriptor, need: &Need) -> bool {
    let store = <dyn EventStore as ServiceTrait>::DESCRIPTOR.key;
    matches!(need, Need::Service { service, .. } if service.key == store)
        && descriptor
            .subscriptions
            .iter()
            .any(|one| one.options.durable)
}
