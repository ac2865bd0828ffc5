//! The services whose providers are on this side of the socket and whose callers are on the other.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::wire::{WireAnswer, WireServiceCall};
use crate::boxed::{BoxFuture, PluginRef};
use crate::context::{Current, Identity};
use crate::descriptor::Descriptor;
use crate::error::Error;
use crate::guard;
use crate::init::{Arity, InitContext, Need};
use crate::service::{BoundService, Installer, ServiceDescriptor, Switchboard};

/// The services whose providers are on this side and whose callers are on the other, by their keys.
#[derive(Debug, Default)]
pub(super) struct ServedServices(HashMap<u64, BoundService>);

/// The services of which a plugin takes one provider, and which another process may provide.
pub(super) fn needed(
    plugin: &'static Descriptor,
) -> impl Iterator<Item = &'static ServiceDescriptor> {
    plugin.needs.iter().filter_map(|need| match need {
        Need::Service { service, arity } if *arity != Arity::Many => {
            service.remote.map(|_| *service)
        }
        _ => None,
    })
}

impl ServedServices {
    /// The services that the host provides to a plugin in another process: those that the plugin
    /// needs and has the right to use, and that have a provider.
    pub(super) fn for_plugin(plugin: &'static Descriptor, context: &InitContext<'_>) -> Self {
        let bound = needed(plugin).filter_map(|service| {
            context.grants().use_service(service.name).ok()?;
            let label = context.bindings.label(service.key);
            let bound = (service.remote?.bind)(context.services, label)?;
            Some((service.key, bound))
        });
        Self(bound.collect())
    }

    /// The services that the instance of a child provides to its host.
    pub(super) fn of_plugin(
        descriptor: &'static Descriptor,
        (plugin, owner): (&PluginRef, &Arc<Identity>),
    ) -> Self {
        // Its own, so that a provider is not taken for one that the instance needs.
        let switchboard = &Switchboard::default();
        let provides = descriptor.provides.iter();
        let bound = provides.filter_map(|provide| {
            let mut installer = Installer {
                switchboard,
                owner,
                priority: provide.priority,
            };
            (provide.install)(plugin, &mut installer);
            let remote = provide.service.remote?;
            let bound = (remote.bind)(switchboard, owner.id().label)?;
            Some((provide.service.key, bound))
        });
        Self(bound.collect())
    }

    /// The services, and the names of the instances that provide them.
    pub(super) fn providers(&self) -> impl Iterator<Item = (u64, &'static str)> {
        self.0.iter().map(|(key, bound)| (*key, bound.provider))
    }

    /// Calls a service for the other side.
    pub(super) fn serve(
        &self,
        call: WireServiceCall,
        current: Current,
    ) -> BoxFuture<'static, WireAnswer> {
        let current = Current {
            deadline: Some(Instant::now() + call.limit),
            ..current
        };
        let bound = self.0.get(&call.call.service);
        let bound = bound.ok_or_else(|| Error::bug("the other process may not call that service"));
        let called = bound.and_then(|bound| guard::call(current, || Ok(bound.serve(call.call))));
        Box::pin(async move {
            let outcome = match called {
                Ok(called) => guard::unlimited(current, called).await,
                Err(error) => Err(error),
            };
            outcome.map_or_else(WireAnswer::Failed, WireAnswer::Served)
        })
    }
}
