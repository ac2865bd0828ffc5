//! What the linker collects: a reference to each descriptor of the crates in the binary.
//!
//! The order of elements differs by profile and linker, so nothing here depends on it.

use linkme::distributed_slice;

use crate::descriptor::Descriptor;
use crate::event::EventDescriptor;
use crate::service::ServiceDescriptor;

/// Every `#[plugin]` of the binary.
#[distributed_slice]
pub static PLUGINS: [&'static Descriptor];

/// Every `#[event]` of the binary.
#[distributed_slice]
pub static EVENTS: [&'static EventDescriptor];

/// Every `#[service]` trait of the binary.
#[distributed_slice]
pub static SERVICES: [&'static ServiceDescriptor];

/// The linked events in order of their topics.
#[must_use]
pub fn events() -> Vec<&'static EventDescriptor> {
    let mut events: Vec<_> = EVENTS.iter().copied().collect();
    events.sort_by_key(|event| (event.topic, event.type_name));
    events
}

/// The linked service traits in order of their names.
#[must_use]
pub fn services() -> Vec<&'static ServiceDescriptor> {
    let mut services: Vec<_> = SERVICES.iter().copied().collect();
    services.sort_by_key(|service| (service.name, service.module));
    services
}

/// The linked plugins in order of their names.
#[must_use]
pub fn plugins() -> Vec<&'static Descriptor> {
    let mut plugins: Vec<_> = PLUGINS.iter().copied().collect();
    plugins.sort_by_key(|plugin| plugin.name);
    plugins
}
