//! The types of events that are linked into the binary.

use linkme::distributed_slice;

use super::descriptor::EventDescriptor;

/// Every `#[event]` of the binary.
#[distributed_slice]
pub static EVENTS: [&'static EventDescriptor];

/// The linked events in order of their topics.
#[must_use]
pub fn events() -> Vec<&'static EventDescriptor> {
    let mut events: Vec<_> = EVENTS.iter().copied().collect();
    events.sort_by_key(|event| (event.topic, event.type_name));
    events
}
