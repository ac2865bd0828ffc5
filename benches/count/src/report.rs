//! What was counted, beside what is recorded and what is wanted.

use std::fmt::Write as _;

use crate::record::{Count, RECORD_ANEW, Record};
use crate::scenario::{Goal, SCENARIOS, Scenario};

/// How much more a count may be than the recorded one: another C library, another patch of the
/// compiler.
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

/// What is wrong with a count: a goal that was met stays met, and a count does not grow.
fn fault(name: &str, now: Count, then: Count, most: Option<f64>) -> Option<String> {
    let (takes, recorded) = (now.instructions, then.instructions);
    if let Some(most) = most.filter(|most| recorded <= *most && takes > *most) {
        return Some(format!(
            "{name} takes {takes} instructions: its goal, {most:.0}, was met"
        ));
    }
    if now.locked > then.locked {
        return Some(format!(
            "{name} takes {} locked instructions, {} are recorded: if it must, {RECORD_ANEW}",
            now.locked, then.locked
        ));
    }
    (takes > recorded * (1.0 + SLACK)).then(|| {
        format!(
            "{name} takes {takes} instructions, {recorded} are recorded, {:.1} % more: if it must, {RECORD_ANEW}",
            (takes / recorded - 1.0) * 100.0
        )
    })
}

/// Counts that have become so much better that the record would let them become worse again.
pub(crate) fn better(counted: &Record, recorded: &Record) -> Vec<String> {
    let better = |scenario: &Scenario| {
        let (now, then) = (counted.get(scenario.name)?, recorded.get(scenario.name)?);
        let less = 1.0 - now.instructions / then.instructions;
        (less > SLACK).then(|| {
            format!(
                "{} takes {:.1} % less than is recorded: {RECORD_ANEW}",
                scenario.name,
                less * 100.0
            )
        })
    };
    SCENARIOS.iter().filter_map(better).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn count(instructions: f64, locked: f64) -> Count {
        Count {
            instructions,
            locked,
        }
    }

    #[test]
    fn what_grows_is_refused() {
        let then = count(100.0, 1.0);
        assert_eq!(fault("it", count(103.0, 1.0), then, None), None);
        assert_eq!(fault("it", count(50.0, 1.0), then, None), None);
        assert!(fault("it", count(104.0, 1.0), then, None).is_some());
        assert!(fault("it", count(100.0, 2.0), then, None).is_some());
    }

    #[test]
    fn a_goal_that_was_met_stays_met() {
        let (then, now) = (count(100.0, 0.0), count(102.0, 0.0));
        assert!(fault("it", now, then, Some(101.0)).is_some());
        assert_eq!(fault("it", now, then, Some(99.0)), None, "it never was");
    }
}
