//! The options `breaker` and `open_for`, which say when a handler is not called.

use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::duration;

/// Refuses options that can't be combined with a breaker, and `open_for` without a breaker.
pub(super) fn check(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    let Some(breaker) = arguments.name_of("breaker") else {
        let option = arguments.name_of("open_for");
        if let Some(option) = option.filter(|_| arguments.lacks("breaker")) {
            diagnostics.at(
                option,
                "`open_for` is how long a breaker is open, and this handler has none: write \
                `breaker = 5`, or leave `open_for` out",
            );
        }
        return;
    };
    if arguments.has("concurrency") && arguments.is_word("overflow", "drop_oldest") {
        diagnostics.at(
            breaker,
            "with `breaker` and `concurrency` the oldest event may wait for the target, where it \
            can't give way: write `overflow = drop_newest`, or another one",
        );
    }
}

/// How long the breaker stays open, in milliseconds.
pub(super) fn open_for(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<u64> {
    let text = arguments.string("open_for", diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    if millis == 0 {
        diagnostics.at(
            &text,
            "a breaker that is open for no time never is: write a longer one, or leave `open_for` \
            out to take half a minute",
        );
    }
    Some(millis)
}
