//! The options that can't be combined with `durable`.

use super::taken::Taken;
use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;

pub(super) fn check(arguments: &Arguments, taken: Option<&Taken>, diagnostics: &mut Diagnostics) {
    let Some(durable) = arguments.name_of("durable") else {
        return;
    };
    if let Some(Taken::Any(_)) = taken {
        diagnostics.at(
            durable,
            "a durable handler takes one type of event, as which it is read from the store: take \
            `&E`, or leave `durable` out",
        );
    }
    if let Some(overflow) = arguments.name_of("overflow") {
        diagnostics.at(
            overflow,
            "the events of a durable handler wait in the store, and what happens when that is \
            full is up to the operator (`on_full`): leave `overflow` out",
        );
    }
    if let Some(queue) = arguments.name_of("queue") {
        diagnostics.at(
            queue,
            "the events of a durable handler wait in the store, whose bound is the operator's \
            (`max_events`): leave `queue` out",
        );
    }
    if let Some(group) = arguments.name_of("group") {
        diagnostics.at(
            group,
            "a durable handler has a queue of its own, which it shares with no other: leave \
            `group` out",
        );
    }
}
