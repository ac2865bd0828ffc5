//! The options of `#[schedule]` that are words, numbers and durations.

use syn::{Ident, LitInt};

use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::duration;
use crate::plugin::model::{Pace, When};
use crate::suggestion;

const OVERLAPS: [(&str, &str); 3] = [
    ("skip", "Skip"),
    ("queue", "Queue"),
    ("parallel", "Parallel"),
];

const MISFIRES: [(&str, &str); 3] = [
    ("skip", "Skip"),
    ("run_once", "RunOnce"),
    ("catch_up", "CatchUp"),
];

/// Refuses options that make no sense for a schedule that is due only once.
pub(super) fn check_agreement(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    for name in ["max_runs", "overlap"]
        .into_iter()
        .filter(|_| arguments.has("after"))
    {
        if let Some(option) = arguments.name_of(name) {
            diagnostics.at(
                option,
                format!("`after` is due once, so there is no use for `{name}`: leave it out"),
            );
        }
    }
}

pub(super) fn pace(
    arguments: &mut Arguments,
    when: Option<&When>,
    diagnostics: &mut Diagnostics,
) -> Pace {
    Pace {
        jitter_millis: jitter(arguments, when, diagnostics),
        max_runs: max_runs(arguments, diagnostics),
        overlap: word("overlap", &OVERLAPS, arguments, diagnostics),
        misfire: word("misfire", &MISFIRES, arguments, diagnostics),
        timeout_millis: timeout(arguments, diagnostics),
    }
}

fn jitter(
    arguments: &mut Arguments,
    when: Option<&When>,
    diagnostics: &mut Diagnostics,
) -> Option<u64> {
    let text = arguments.string("jitter", diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    if let Some(When::Every(period)) = when
        && millis >= *period
    {
        diagnostics.at(
            &text,
            "jitter as long as the period itself would let one run catch up with the next: write \
                a shorter one",
        );
    }
    Some(millis)
}

fn max_runs(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<LitInt> {
    let number = arguments.integer("max_runs", diagnostics)?;
    if !matches!(number.base10_parse::<u64>(), Ok(1..)) {
        diagnostics.at(
            &number,
            "`max_runs` is a whole number of at least 1: write one, or leave it out to run for ever",
        );
    }
    Some(number)
}

fn timeout(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<u64> {
    let text = arguments.string("timeout", diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    if millis == 0 {
        diagnostics.at(
            &text,
            "a time limit of zero stops every run: write a longer one, or leave `timeout` out to \
                take the plugin's",
        );
    }
    Some(millis)
}

/// The variant for a word.
fn word(
    name: &str,
    words: &[(&str, &str)],
    arguments: &mut Arguments,
    diagnostics: &mut Diagnostics,
) -> Option<Ident> {
    let word = arguments.word(name, diagnostics)?;
    let variant = words.iter().find(|(known, _)| word == known);
    if variant.is_none() {
        let known: Vec<_> = words.iter().map(|(known, _)| *known).collect();
        let hint = suggestion::hint(&word.to_string(), &known);
        let known = suggestion::listed(&known);
        let message = format!("`{word}` is no `{name}` policy{hint}: write one of {known}");
        diagnostics.at(&word, message);
    }
    variant.map(|(_, variant)| Ident::new(variant, word.span()))
}
