//! The pauses of `retry`: `backoff` and `max_backoff`.

use syn::LitStr;

use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::duration;

/// The default of the first pause, from `Backoff::DEFAULT`.
const INITIAL: u64 = 200;
/// The default of the longest pause.
const MAX: u64 = 10_000;

/// The pauses in milliseconds. For pauses that are not given, `Backoff::DEFAULT` applies.
pub(super) struct Backoff {
    pub(super) initial: Option<u64>,
    pub(super) max: Option<u64>,
}

/// Refuses pauses for a handler without `retry`.
pub(super) fn check(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    if !arguments.lacks("retry") {
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

/// Reads the pauses and compares them.
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

/// Checks that the first pause is not longer than the longest.
fn compare(initial: Option<&Written>, max: Option<&Written>, diagnostics: &mut Diagnostics) {
    let (first, longest) = (
        initial.map_or(INITIAL, |(_, millis)| *millis),
        max.map_or(MAX, |(_, millis)| *millis),
    );
    if first <= longest {
        return;
    }
    let message = "the first pause, `backoff`, is longer than the longest";
    match (initial, max) {
        (Some((text, _)), Some(_)) => diagnostics.at(
            text,
            format!("{message}, `max_backoff`: write a shorter one, or a longer `max_backoff`"),
        ),
        (Some((text, _)), None) => {
            let value = text.value();
            diagnostics.at(
                text,
                format!(
                    "{message}, which is \"10s\" if it is not given: write \
                    `max_backoff = \"{value}\"` too, or a shorter one"
                ),
            );
        }
        (None, Some((text, _))) => diagnostics.at(
            text,
            "the longest pause is shorter than the first, which is \"200ms\" if it is not given: \
            write `backoff` too, or a longer one",
        ),
        (None, None) => {}
    }
}
