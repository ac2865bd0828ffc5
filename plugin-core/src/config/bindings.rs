//! The keys `services` and `requests` of an instance: they name the instances whose services and
//! answers it uses.
//!
//! If a key does not name an instance, the instance without a label is used. A service that many
//! plugins provide (an extension point) is always taken from all providers, so no instance can be
//! named for it.

use std::borrow::Cow;

use super::plugin::PluginConfig;
use crate::descriptor::Descriptor;
use crate::event::EventStore;
use crate::init::{Arity, Need};
use crate::instance_name::{InstanceName, interned};
use crate::provider_bindings::ProviderBindings;
use crate::registry;
use crate::service::{ServiceDescriptor, ServiceTrait};

/// A service or a request that an instance takes from one other instance.
#[derive(Debug, Clone)]
pub(super) struct Takes {
    /// The config key: `services` or `requests`.
    pub(super) section: &'static str,
    /// The key below it: the name of the service, or the topic of the request.
    pub(super) name: Cow<'static, str>,
    /// The key of the service or of the request.
    pub(super) key: u64,
    /// Whether the plugin can't run without it.
    pub(super) is_needed: bool,
}

/// The services and requests that a plugin takes from one instance each, so that config can choose
/// the instance. For a plugin that asks by topic, these are all linked requests.
pub(super) fn taken(plugin: &'static Descriptor) -> impl Iterator<Item = Takes> {
    let needs = plugin.needs.iter();
    let asks_any = needs.clone().any(|need| matches!(need, Need::RequestAny));
    let linked = asks_any.then(registry::events).into_iter().flatten();
    let is_declared = |key| plugin.requests().any(|declared| declared.key == key);
    let any = linked.filter(move |event| event.answer.is_some() && !is_declared(event.key));
    let any = any.map(|request| Takes {
        section: "requests",
        name: request.topic.into(),
        key: request.key,
        is_needed: false,
    });
    needs
        .filter_map(move |need| of_need(plugin, need))
        .chain(any)
}

/// The service or request that one need of the plugin asks for, if config can choose its instance.
pub(super) fn of_need(plugin: &'static Descriptor, need: &Need) -> Option<Takes> {
    match *need {
        Need::Service { service, arity } if arity != Arity::Many && !service.many => Some(Takes {
            section: "services",
            name: name(plugin, service),
            key: service.key,
            is_needed: arity == Arity::One,
        }),
        Need::Request { request, arity } => Some(Takes {
            section: "requests",
            name: request.topic.into(),
            key: request.key,
            is_needed: arity == Arity::One,
        }),
        _ => None,
    }
}

/// The name of a service's trait, or its full path if the plugin takes two services with the same
/// name.
fn name(plugin: &Descriptor, service: &ServiceDescriptor) -> Cow<'static, str> {
    let is_other = |need: &Need| match need {
        Need::Service { service: other, .. } => {
            other.name == service.name && other.key != service.key
        }
        _ => false,
    };
    match plugin.needs.iter().any(is_other) {
        true => format!("{}::{}", service.module, service.name).into(),
        false => service.name.into(),
    }
}

impl Takes {
    /// The instance that config chooses for this service or request.
    pub(super) fn bound<'c>(&self, config: &'c PluginConfig) -> Option<&'c str> {
        let bindings = match self.section {
            "services" => &config.services,
            _ => &config.requests,
        };
        bindings.get(&*self.name).map(String::as_str)
    }

    /// Whether the kernel asks for the service on behalf of the plugin. This is the case for the
    /// store of the plugin's durable handlers.
    pub(super) fn is_kernels(&self) -> bool {
        self.key == <dyn EventStore as ServiceTrait>::DESCRIPTOR.key
    }

    /// Whether a plugin provides this service, or answers this request.
    pub(super) fn is_of(&self, plugin: &Descriptor) -> bool {
        match self.section {
            "services" => (plugin.provides.iter()).any(|provide| provide.service.key == self.key),
            _ => (plugin.responds.iter()).any(|respond| respond.request.key == self.key),
        }
    }
}

/// The instances that the config of an instance chooses as its providers.
pub(crate) fn bindings(plugin: &'static Descriptor, config: &PluginConfig) -> ProviderBindings {
    let bound = taken(plugin).filter_map(|taken| {
        let label = InstanceName::of(taken.bound(config)?).label?;
        Some((taken.key, interned(label)))
    });
    bound.collect()
}
