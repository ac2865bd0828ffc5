//! What the rounds of a contest say.

use std::collections::BTreeSet;

use super::goal::{Goal, Than};
use super::outcome::{Outcome, Reached, Row};

/// Nanoseconds of an operation of each variant, and the state that the machine was in.
pub(super) struct Round {
    pub(super) state: &'static str,
    pub(super) nanos: Vec<f64>,
}

/// All good rounds.
#[derive(Default)]
pub(super) struct Rounds(Vec<Round>);

impl Rounds {
    pub(super) fn add(&mut self, round: Round) {
        self.0.push(round);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// An outcome for each state with rounds enough; one without figures if there is none.
    pub(super) fn outcomes(
        &self,
        contest: &str,
        variants: &[&'static str],
        goals: &[Goal],
        fewest: usize,
    ) -> Vec<Outcome> {
        let states: BTreeSet<_> = self.0.iter().map(|round| round.state).collect();
        let mut outcomes = Vec::new();
        for state in states {
            let of_state: Vec<_> = self.0.iter().filter(|round| round.state == state).collect();
            if of_state.len() >= fewest {
                let name = match state {
                    "" => contest.to_owned(),
                    state => format!("{contest}, {state}"),
                };
                outcomes.push(outcome(name, &of_state, variants, goals));
            }
        }
        if outcomes.is_empty() {
            outcomes.push(outcome(contest.to_owned(), &[], variants, goals));
        }
        outcomes
    }
}

fn outcome(name: String, rounds: &[&Round], variants: &[&'static str], goals: &[Goal]) -> Outcome {
    let place = |name: &str| {
        let place = variants.iter().position(|variant| *variant == name);
        place.unwrap_or_else(|| panic!("a goal names `{name}`, which is no variant"))
    };
    let reached = |goal: &Goal| {
        let figure = median(rounds.iter().map(|round| {
            let of = goal.of.nanos(|name| round.nanos[place(name)]);
            match goal.than {
                Than::Clock => of,
                Than::AtMost(than) => of / than.nanos(|name| round.nanos[place(name)]),
                Than::Faster(than) => round.nanos[place(than)] / of,
            }
        }));
        Reached {
            what: goal.what(),
            figure,
            unit: goal.unit().to_owned(),
            limit: goal.limit(),
            met: figure.is_some_and(|figure| goal.met(figure)),
        }
    };
    Outcome {
        contest: name,
        rounds: rounds.len(),
        goals: goals.iter().map(reached).collect(),
        variants: (variants.iter().enumerate())
            .map(|(at, variant)| Row {
                variant: (*variant).to_owned(),
                nanos: median(rounds.iter().map(|round| round.nanos[at])),
            })
            .collect(),
    }
}

/// The middle one; `None` of none.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
