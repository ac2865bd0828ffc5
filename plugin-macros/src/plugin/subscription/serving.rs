//! The options of `#[subscribe]` that are words and numbers.

use syn::{Ident, LitInt};

use super::{breaker, retry};
use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::duration;
use crate::plugin::model::Serving;
use crate::suggestion;

const OVERFLOWS: [(&str, &str); 4] = [
    ("wait", "Wait"),
    ("drop_oldest", "DropOldest"),
    ("drop_newest", "DropNewest"),
    ("fail", "Fail"),
];

pub(super) fn serving(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Serving {
    let backoff = retry::backoff(arguments, diagnostics);
    Serving {
        priority: arguments.expression("priority", diagnostics),
        timeout_millis: timeout(arguments, diagnostics),
        concurrency: count("concurrency", arguments, diagnostics),
        queue: count("queue", arguments, diagnostics),
        overflow: overflow(arguments, diagnostics),
        batch: count("batch", arguments, diagnostics),
        linger_millis: arguments
            .string("linger", diagnostics)
            .and_then(|text| duration::millis(&text, diagnostics))
            .unwrap_or(0),
        retry: count("retry", arguments, diagnostics),
        backoff_millis: backoff.initial,
        max_backoff_millis: backoff.max,
        breaker: count("breaker", arguments, diagnostics),
        open_for_millis: breaker::open_for(arguments, diagnostics),
        durable: arguments.flag("durable", diagnostics),
    }
}

pub(in crate::plugin) fn timeout(
    arguments: &mut Arguments,
    diagnostics: &mut Diagnostics,
) -> Option<u64> {
    let text = arguments.string("timeout", diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    if millis == 0 {
        diagnostics.at(
            &text,
            "a time limit of zero stops every call: write a longer one, or \
            leave `timeout` out to take the manager's",
        );
    }
    Some(millis)
}

pub(in crate::plugin) fn count(
    name: &str,
    arguments: &mut Arguments,
    diagnostics: &mut Diagnostics,
) -> Option<LitInt> {
    let number = arguments.integer(name, diagnostics)?;
    match number.base10_parse::<u32>() {
        Ok(0) => diagnostics.at(
            &number,
            format!("`{name}` is at least 1: write `{name} = 1`, or leave it out"),
        ),
        Ok(_) => {}
        Err(_) => diagnostics.at(
            &number,
            format!(
                "`{name}` is a number from 1 to {}: write one in that range",
                u32::MAX
            ),
        ),
    }
    Some(number)
}

fn overflow(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Ident> {
    let word = arguments.word("overflow", diagnostics)?;
    let variant = OVERFLOWS.iter().find(|(name, _)| word == name);
    if variant.is_none() {
        let names = OVERFLOWS.map(|(name, _)| name);
        let hint = suggestion::hint(&word.to_string(), &names);
        let known = suggestion::listed(&names);
        let message = format!("`{word}` is no overflow policy{hint}: write one of {known}");
        diagnostics.at(&word, message);
    }
    variant.map(|(_, variant)| Ident::new(variant, word.span()))
}
