//! The pauses of `retry`: `backoff` and `max_backoff`.

use syn::LitStr;

use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::duration;

/// The first pause that holds when none is given: that of `Backoff::DEFAULT`.
const INITIAL: u64 = 200;
/// The longest pause that holds when none is given.
const MAX: u64 = 10_000;

/// Pauses in milliseconds; what is not given is left to `Backoff::DEFAULT`.
pub(super) struct Backoff {
    pub(super) initial: Option<u64>,
    pub(super) max: Option<u64>,
}

/// Refuses pauses of a handler that does not retry.
pub(super) fn check(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    if arguments.has("retry") {
        return;
    }
    for name in ["backoff", "max_backoff"] {
        if let Some(option) = arguments.name_of(name) {
            diagnostics.at(
                option,
                format!(
                    "`{name}` is the pause before a retry, and this handler has none: write \
                    `retry = 5`, or leave `{name}` out"
                ),
            );
        }
    }
}

/// Reads the pauses, and compares them.
pub(super) fn backoff(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Backoff {
    let initial = period("backoff", arguments, diagnostics);
    let max = period("max_backoff", arguments, diagnostics);
    compare(initial.as_ref(), max.as_ref(), diagnostics);
    Backoff {
        initial: initial.map(|(_, millis)| millis),
        max: max.map(|(_, millis)| millis),
    }
}

type Written = (LitStr, u64);

fn period(name: &str, arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Written> {
    let text = arguments.string(name, diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    Some((text, millis))
}

/// The first pause is no longer than the longest.
fn compare(initial: Option<&Written>, max: Option<&Written>, diagnostics: &mut Diagnostics) {
    let (first, longest) = (
        initial.map_or(INITIAL, |(_, millis)| *millis),
        max.map_or(MAX, |(_, millis)| *millis),
    );
    if first <= longest {
        return;
    }
    let message = "the first pause, `backoff`, is longer than the longest, `max_backoff`";
    match (initial, max) {
        (_, Some((text, _))) => diagnostics.at(
            text,
            format!("{message}: write {first} ms or more here, or a shorter `backoff`"),
        ),
        (Some((text, _)), None) => diagnostics.at(
            text,
            format!("{message}, which is {MAX} ms if it is not given: give a longer one"),
        ),
        (None, None) => {}
    }
}
