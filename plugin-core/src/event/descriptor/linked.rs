//! The types of events that are linked into the binary, and the bus that carries them.

use std::sync::LazyLock;

use linkme::distributed_slice;

use super::EventDescriptor;
use crate::event::bus::Bus;
use crate::event::outcome::dead_letters::DeadLetters;

/// Every `#[event]` of the binary.
#[distributed_slice]
pub static EVENTS: [&'static EventDescriptor];

/// The linked events, ordered by topic.
#[must_use]
pub fn events() -> Vec<&'static EventDescriptor> {
    sorted().to_vec()
}

fn sorted() -> &'static [&'static EventDescriptor] {
    static SORTED: LazyLock<Vec<&'static EventDescriptor>> = LazyLock::new(|| {
        let mut events: Vec<_> = EVENTS.iter().copied().collect();
        events.sort_by_key(|event| (event.topic, event.type_name));
        events
    });
    &SORTED
}

impl Bus {
    /// A bus for all the events that are linked into the binary.
    pub(crate) fn linked(letters: DeadLetters) -> Self {
        let events = sorted().iter();
        Self::new(
            letters,
            events.map(|event| (event.topic, (event.type_id)(), (event.route)())),
        )
    }

    /// The event type that declares a topic, if there is one.
    #[must_use]
    pub fn event(&self, topic: &str) -> Option<&'static EventDescriptor> {
        self.declared(topic).map(|row| sorted()[row])
    }
}
