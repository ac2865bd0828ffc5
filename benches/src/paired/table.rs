//! Outcomes as a table that a person reads and a document takes.

use std::fmt::{self, Write as _};

use super::outcome::{Outcome, Reached};

/// Every goal with what was reached, then the time of every variant.
#[must_use]
pub fn table(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    write(&mut text, outcomes).expect("writing to a string can't fail");
    text
}

fn write(text: &mut String, outcomes: &[Outcome]) -> fmt::Result {
    writeln!(text, "| contest | figure | reached | goal | |")?;
    writeln!(text, "| --- | --- | ---: | ---: | --- |")?;
    for outcome in outcomes {
        for goal in &outcome.goals {
            let (figure, verdict) = verdict(goal);
            writeln!(
                text,
                "| {} | {} | {figure} | {} | {verdict} |",
                outcome.contest, goal.what, goal.limit
            )?;
        }
    }
    writeln!(text, "\n| contest | variant | time | rounds |")?;
    writeln!(text, "| --- | --- | ---: | ---: |")?;
    for outcome in outcomes {
        for row in &outcome.variants {
            let nanos = row.nanos.map_or_else(|| "-".to_owned(), time);
            writeln!(
                text,
                "| {} | {} | {nanos} | {} |",
                outcome.contest, row.variant, outcome.rounds
            )?;
        }
    }
    Ok(())
}

fn verdict(goal: &Reached) -> (String, &'static str) {
    let Some(figure) = goal.figure else {
        return ("-".to_owned(), "could not be measured");
    };
    let verdict = if goal.met { "met" } else { "missed" };
    let figure = match goal.unit.as_str() {
        "ns" => time(figure),
        unit => format!("{} {unit}", digits(figure)),
    };
    (figure, verdict)
}

/// Nanoseconds in the unit that reads best.
pub(super) fn time(nanos: f64) -> String {
    match nanos.abs() {
        ..1e4 => format!("{} ns", digits(nanos)),
        ..1e7 => format!("{} µs", digits(nanos / 1e3)),
        _ => format!("{} ms", digits(nanos / 1e6)),
    }
}

/// Three digits that count.
fn digits(figure: f64) -> String {
    match figure.abs() {
        ..10.0 => format!("{figure:.2}"),
        ..100.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    }
}
