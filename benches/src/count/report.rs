//! What was counted, beside what is recorded and what is wanted.

use std::fmt::Write as _;

use crate::record::{Count, RECORD_ANEW, Record};
use crate::scenario::{Goal, SCENARIOS, Scenario};

/// How far a count may be from the recorded one: another C library, another patch of the compiler.
const SLACK: f64 = 0.03;

/// A table, and what is wrong.
pub(crate) fn compare(counted: &Record, recorded: &Record) -> (String, Vec<String>) {
    let mut table = String::from(
        "| operation | instructions | recorded | goal | | locked | recorded |\n\
         | --- | ---: | ---: | ---: | --- | ---: | ---: |\n",
    );
    let mut faults = Vec::new();
    for scenario in &SCENARIOS {
        let Some(now) = counted.get(scenario.name) else {
            continue;
        };
        let Some(then) = recorded.get(scenario.name) else {
            faults.push(format!("{} is not recorded: {RECORD_ANEW}", scenario.name));
            continue;
        };
        let most = scenario.most(counted);
        faults.extend(fault(scenario.name, now, then, most));
        write_row(&mut table, scenario.name, (now, then), most);
    }
    (table, faults)
}

fn write_row(table: &mut String, name: &str, (now, then): (Count, Count), most: Option<f64>) {
    let goal = most.map_or_else(String::new, |most| format!("≤ {most:.0}"));
    let verdict = match most {
        None => "",
        Some(most) if now.instructions <= most => "met",
        Some(_) => "missed",
    };
    writeln!(
        table,
        "| {name} | {} | {} | {goal} | {verdict} | {} | {} |",
        now.instructions, then.instructions, now.locked, then.locked
    )
    .expect("writing to a string can't fail");
}

/// What is wrong with a count: a goal that was met stays met, and a count stays where it was.
fn fault(name: &str, now: Count, then: Count, most: Option<f64>) -> Option<String> {
    let change = now.instructions / then.instructions - 1.0;
    if let Some(most) = most.filter(|most| then.instructions <= *most)
        && now.instructions > most
    {
        return Some(format!(
            "{name} takes {} instructions: its goal, {most:.0}, was met",
            now.instructions
        ));
    }
    if now.locked > then.locked {
        return Some(format!(
            "{name} takes {} locked instructions, {} are recorded: if it must, {RECORD_ANEW}",
            now.locked, then.locked
        ));
    }
    if change.abs() <= SLACK {
        return None;
    }
    let (more, but) = if change > 0.0 {
        ("more", "if it must, ")
    } else {
        ("less, which is good", "")
    };
    Some(format!(
        "{name} takes {} instructions, {} are recorded: {:.1} % {more}: {but}{RECORD_ANEW}",
        now.instructions,
        then.instructions,
        change.abs() * 100.0
    ))
}

impl Scenario {
    /// The most that it may take.
    fn most(&self, counted: &Record) -> Option<f64> {
        match self.goal {
            Goal::None => None,
            Goal::Instructions(most) => Some(f64::from(most)),
            Goal::Times(times, other) => Some(times * counted.get(other)?.instructions),
        }
    }
}
