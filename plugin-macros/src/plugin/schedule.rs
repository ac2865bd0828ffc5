//! `#[schedule(…)]` above a method: exactly one of `every`, `cron` and `after`, and other options.

mod pace;
mod when;

use syn::{Attribute, Signature, Type};

use super::mark::Mark;
use super::model::{Found, Schedule};
use super::{hook, parameter, receiver};
use crate::attribute::{Arguments, Grammar};
use crate::diagnostics::Diagnostics;

const GRAMMAR: Grammar = Grammar {
    attribute: "#[schedule]",
    unnamed: None,
    options: &[
        ("every", "every = \"30s\""),
        ("cron", "cron = \"0 3 * * *\""),
        ("timezone", "timezone = \"Europe/Berlin\""),
        ("after", "after = \"10s\""),
        ("jitter", "jitter = \"2s\""),
        ("max_runs", "max_runs = 10"),
        ("overlap", "overlap = queue"),
        ("misfire", "misfire = catch_up"),
        ("timeout", "timeout = \"5s\""),
    ],
};

/// Checks one scheduled method.
pub(crate) fn check(
    (method, marked): Found<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Schedule> {
    let attribute = &marked.attribute;
    let mut arguments = arguments(attribute, diagnostics);
    let call = receiver::call(Mark::Schedule, method, diagnostics);
    receiver::check_shared(Mark::Schedule, &method.signature, diagnostics);
    let takes_run = takes_run(&method.signature, diagnostics);
    pace::check_agreement(&arguments, diagnostics);
    let when = when::when(&mut arguments, attribute, diagnostics);
    let pace = pace::pace(&mut arguments, when.as_ref(), diagnostics);
    Some(Schedule {
        call,
        conditions: hook::conditions(method, marked),
        takes_run,
        when: when?,
        pace,
    })
}

fn arguments(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Arguments {
    let parentheses =
        "`#[schedule]` takes its options in parentheses: write `#[schedule(every = \"30s\")]`";
    let arguments = Arguments::of(attribute, &GRAMMAR, parentheses, diagnostics);
    arguments.refuse_positional(
        "the options of `#[schedule]` have names: write `every = \"30s\"` or `cron = \"0 3 * * *\"`",
        diagnostics,
    );
    arguments
}

/// Whether there is a parameter `&ScheduledRun`; other parameters are reported.
fn takes_run(signature: &Signature, diagnostics: &mut Diagnostics) -> bool {
    let parameters = parameter::typed(signature);
    let is_run = |ty: &Type| match ty {
        Type::Reference(reference) => {
            reference.mutability.is_none() && parameter::is_named(&reference.elem, "ScheduledRun")
        }
        _ => false,
    };
    let takes_run = parameters.first().is_some_and(|first| is_run(&first.ty));
    for extra in parameters.iter().skip(usize::from(takes_run)) {
        diagnostics.at(
            extra,
            "a scheduled method takes `&self` and, if it wants to know which run it is, \
                `run: &ScheduledRun`: get what else it needs in `#[init]`, and keep it in the plugin",
        );
    }
    takes_run
}
