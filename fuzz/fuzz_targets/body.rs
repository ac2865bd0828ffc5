//! The body of `POST /events/{topic}`: the first byte chooses the event, the rest is what a caller
//! sends; it is an event or is refused with a reason.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plugin_contracts as _;
use plugin_core::event::EventDescriptor;
use plugin_core::registry;

static EVENTS: LazyLock<Vec<&'static EventDescriptor>> = LazyLock::new(registry::events);

fuzz_target!(|input: &[u8]| {
    let Some((first, body)) = input.split_first() else {
        return;
    };
    let event = EVENTS[usize::from(*first) % EVENTS.len()];
    if let Err(error) = event.check(body) {
        assert!(!error.to_string().is_empty());
    }
});
