//! When a schedule is due: `every`, `cron` or `after`.

use syn::spanned::Spanned;
use syn::{Attribute, LitStr};

use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::duration;
use crate::plugin::model::When;

const WHENS: [&str; 3] = ["every", "cron", "after"];

pub(super) fn when(
    arguments: &mut Arguments,
    attribute: &Attribute,
    diagnostics: &mut Diagnostics,
) -> Option<When> {
    check_one(arguments, attribute, diagnostics);
    let timezone = timezone(arguments, diagnostics);
    if arguments.has("every") {
        return every(arguments, diagnostics).map(When::Every);
    }
    if arguments.has("after") {
        let delay = arguments.string("after", diagnostics)?;
        return duration::millis(&delay, diagnostics).map(When::After);
    }
    Some(When::Cron {
        expression: arguments.string("cron", diagnostics)?,
        timezone,
    })
}

/// Checks that exactly one option says when it is due; a misspelled one may be meant as one of
/// them.
fn check_one(arguments: &Arguments, attribute: &Attribute, diagnostics: &mut Diagnostics) {
    let given: Vec<_> = WHENS
        .into_iter()
        .filter_map(|name| arguments.name_of(name))
        .collect();
    match &given[..] {
        [_] => {}
        [] if arguments.has_unknown() || !arguments.positional.is_empty() => {}
        [] => diagnostics.push(syn::Error::new(
            attribute.path().span(),
            "a schedule says when it is due: write `every = \"30s\"`, `cron = \"0 3 * * *\"` or \
                `after = \"10s\"`",
        )),
        [first, others @ ..] => {
            for other in others {
                let message = format!(
                    "a schedule is due by one of `every`, `cron` and `after`, and `{first}` is \
                        given: keep one of them, or write another method"
                );
                diagnostics.at(other, message);
            }
        }
    }
}

fn every(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<u64> {
    let text = arguments.string("every", diagnostics)?;
    let millis = duration::millis(&text, diagnostics)?;
    if millis == 0 {
        diagnostics.at(
            &text,
            "a period of zero is no rate: write a longer one, or `after = \"0s\"` to run once",
        );
    }
    Some(millis)
}

/// The time zone. Whether it exists is checked when config is read, because the database belongs to
/// the machine.
fn timezone(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let is_stray = !arguments.has("cron") && !arguments.has_unknown();
    if let Some(name) = arguments.name_of("timezone").filter(|_| is_stray) {
        diagnostics.at(
            name,
            "a timezone is of a `cron` expression, and a length of time has none: leave it out",
        );
    }
    let text = arguments.string("timezone", diagnostics)?;
    let name = text.value();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+-".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        let message = format!(
            "`{name}` is no name of a timezone: write one of the IANA database, as in \
                \"Europe/Berlin\" or \"UTC\""
        );
        diagnostics.at(&text, message);
    }
    Some(text)
}
