//! Descriptors by hand.

use std::sync::Arc;

use plugin_core::event::{Event, EventDescriptor};
use plugin_core::service::ServiceDescriptor;
use plugin_core::{
    Arity, Composition, Descriptor, Hooks, Mode, Need, PlanError, PlanIssue, PluginRef, Provide,
    Respond, RespondOptions,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const HOOKS: Hooks =
    Hooks::new(|_| Ok(Box::pin(async { Ok(Arc::new(()) as PluginRef) })));

pub(crate) static USERS: ServiceDescriptor =
    ServiceDescriptor::new("UserService", "contracts", "contracts::UserService");

/// A service that several plugins may provide.
pub(crate) static CHECKS: ServiceDescriptor =
    ServiceDescriptor::new("Check", "contracts", "contracts::Check").many();

pub(crate) const fn plugin(name: &'static str) -> Descriptor {
    Descriptor::new(name, "1.4.0", HOOKS)
}

pub(crate) const fn needs(service: &'static ServiceDescriptor, arity: Arity) -> Need {
    Need::Service { service, arity }
}

pub(crate) const fn provides(service: &'static ServiceDescriptor) -> Provide {
    Provide {
        service,
        priority: 0,
        install: |_, _| {},
    }
}

pub(crate) const fn requests(request: &'static EventDescriptor, arity: Arity) -> Need {
    Need::Request { request, arity }
}

pub(crate) const fn responds(request: &'static EventDescriptor) -> Respond {
    Respond {
        handler: "answer",
        request,
        mode: Mode::Inline,
        options: RespondOptions::DEFAULT,
        bind: |_, _| {},
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ping;

impl Event for Ping {
    const DESCRIPTOR: &'static EventDescriptor = &EventDescriptor::of::<Self>("ping", "one::Ping");
}

pub(crate) static OTHER_PING: EventDescriptor = EventDescriptor::of::<Ping>("ping", "two::Ping");

/// The names of a set in start order.
pub(crate) fn order(plugins: &[&'static Descriptor]) -> Result<Vec<&'static str>, Vec<PlanIssue>> {
    let composition = Composition::assemble(plugins).map_err(PlanError::into_issues)?;
    Ok(composition.plugins().map(|plugin| plugin.name).collect())
}

/// The messages of a set that does not fit together.
pub(crate) fn messages(plugins: &[&'static Descriptor]) -> Vec<String> {
    let issues = order(plugins).expect_err("the set must not fit together");
    issues.iter().map(ToString::to_string).collect()
}
