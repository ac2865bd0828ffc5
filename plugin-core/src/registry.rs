//! The items that the linker collects: a reference to each descriptor of the crates in the binary.
//!
//! The order of elements depends on the profile and the linker, so nothing here depends on it.

use linkme::distributed_slice;

use crate::descriptor::Descriptor;

pub use crate::event::linked::{EVENTS, events};
pub use crate::service::linked::{SERVICES, services};

/// Every `#[plugin]` of the binary.
#[distributed_slice]
pub static PLUGINS: [&'static Descriptor];

/// The linked plugins, ordered by name.
#[must_use]
pub fn plugins() -> Vec<&'static Descriptor> {
    let mut plugins: Vec<_> = PLUGINS.iter().copied().collect();
    plugins.sort_by_key(|plugin| plugin.name);
    plugins
}
