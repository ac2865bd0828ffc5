//! The service traits that are linked into the binary.

use linkme::distributed_slice;

use super::ServiceDescriptor;

/// Every `#[service]` trait of the binary.
#[distributed_slice]
pub static SERVICES: [&'static ServiceDescriptor];

/// The linked service traits, ordered by name.
#[must_use]
pub fn services() -> Vec<&'static ServiceDescriptor> {
    let mut services: Vec<_> = SERVICES.iter().copied().collect();
    services.sort_by_key(|service| (service.name, service.module));
    services
}
