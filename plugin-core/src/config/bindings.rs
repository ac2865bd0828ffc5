//! `services` and `requests` of an instance: which instances it takes them from.
//!
//! What it does not say is taken from the instance without a label. An extension point, which many
//! provide, is taken from all of them, so there is nothing to bind.

use std::borrow::Cow;

use super::plugin::PluginConfig;
use crate::descriptor::Descriptor;
use crate::event::EventStore;
use crate::init::{Arity, Need};
use crate::instance_name::{InstanceName, interned};
use crate::provider_bindings::ProviderBindings;
use crate::registry;
use crate::service::{ServiceDescriptor, ServiceTrait};

/// What an instance takes from one other.
#[derive(Debug, Clone)]
pub(super) struct Takes {
    /// The key of config: `services` or `requests`.
    pub(super) section: &'static str,
    /// The key in it: the name of the service, or the topic.
    pub(super) name: Cow<'static, str>,
    /// Of the service or of the request.
    pub(super) key: u64,
    /// Whether it can't be without it.
    pub(super) is_needed: bool,
}

/// What a plugin takes from one instance each, and config can say from which: of one that asks by
/// topic, the answers to every request that is linked.
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

/// The same for one of its needs.
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

/// The name of a service's trait, or its path where the plugin takes two of one name.
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
    /// The instance that config names for it.
    pub(super) fn bound<'c>(&self, config: &'c PluginConfig) -> Option<&'c str> {
        let bindings = match self.section {
            "services" => &config.services,
            _ => &config.requests,
        };
        bindings.get(&*self.name).map(String::as_str)
    }

    /// Whether the kernel asks for it in the plugin's name: the store of its durable handlers.
    pub(super) fn is_kernels(&self) -> bool {
        self.key == <dyn EventStore as ServiceTrait>::DESCRIPTOR.key
    }

    /// Whether a plugin provides the service, or answers the request.
    pub(super) fn is_of(&self, plugin: &Descriptor) -> bool {
        match self.section {
            "services" => (plugin.provides.iter()).any(|provide| provide.service.key == self.key),
            _ => (plugin.responds.iter()).any(|respond| respond.request.key == self.key),
        }
    }
}

/// What the config of an instance says of whom it takes services and answers from.
pub(crate) fn bindings(plugin: &'static Descriptor, config: &PluginConfig) -> ProviderBindings {
    let bound = taken(plugin).filter_map(|taken| {
        let label = InstanceName::of(taken.bound(config)?).label?;
        Some((taken.key, interned(label)))
    });
    bound.collect()
}
