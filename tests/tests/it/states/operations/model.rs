//! What the system should be after each operation, and in which orders it may get there.

use plugin_core::lifecycle::State;

use super::node::{NAMES, NEEDS};

#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Start(usize),
    Stop(usize),
    StopCascade(usize),
    Restart(usize),
    Break(usize),
    Publish,
}

/// What the system should be.
#[derive(Debug)]
pub(super) struct Model(pub(super) [State; 4]);

/// What an operation should come to: the plugins it changed, or the word for its refusal.
pub(super) type Expected = Result<Vec<&'static str>, &'static str>;

impl Model {
    pub(super) fn runs(&self, at: usize) -> bool {
        self.0[at] == State::Running
    }

    pub(super) fn running(&self) -> Vec<&'static str> {
        (0..4)
            .filter(|&at| self.runs(at))
            .map(|at| NAMES[at])
            .collect()
    }

    /// The plugins that run and can't be without one, those that stop first in front.
    pub(super) fn dependents(&self, of: usize) -> Vec<usize> {
        let mut found = vec![of];
        for (at, needs) in NEEDS.into_iter().enumerate() {
            if needs.iter().any(|need| found.contains(need)) {
                found.push(at);
            }
        }
        found
            .into_iter()
            .skip(1)
            .filter(|&at| self.runs(at))
            .rev()
            .collect()
    }

    pub(super) fn start(&mut self, at: usize) -> Expected {
        if self.runs(at) {
            return Err("state");
        }
        if NEEDS[at].iter().any(|&need| !self.runs(need)) {
            return Err("needs");
        }
        self.0[at] = State::Running;
        Ok(vec![NAMES[at]])
    }

    pub(super) fn stop(&mut self, at: usize, cascade: bool) -> Expected {
        let mut stopped = self.dependents(at);
        if !stopped.is_empty() && !cascade {
            return Err("needed");
        }
        if !self.runs(at) {
            return Err("state");
        }
        stopped.push(at);
        stopped.iter().for_each(|&at| self.0[at] = State::Stopped);
        Ok(stopped.into_iter().map(|at| NAMES[at]).collect())
    }

    pub(super) fn restart(&mut self, at: usize) -> Expected {
        if self.runs(at) {
            return Ok(vec![NAMES[at]]);
        }
        self.start(at)
    }

    /// It is given up at once, and those that can't be without it stop.
    pub(super) fn fail(&mut self, at: usize) {
        let dependents = self.dependents(at);
        dependents
            .into_iter()
            .for_each(|at| self.0[at] = State::Stopped);
        self.0[at] = State::Failed;
    }
}

/// Dependents come first; between independent ones the order of their ends is open.
pub(super) fn same(outcome: &Expected, expected: &Expected) -> bool {
    let (Ok(outcome), Ok(expected)) = (outcome, expected) else {
        return outcome == expected;
    };
    let sorted = |names: &[&'static str]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    sorted(outcome) == sorted(expected) && in_order(outcome)
}

/// Whether nobody stopped before one that needs it.
pub(super) fn in_order(stops: &[&str]) -> bool {
    let place = |name: &str| stops.iter().position(|stop| *stop == name);
    NAMES.iter().enumerate().all(|(at, name)| {
        let needs = NEEDS[at].iter().filter_map(|&need| place(NAMES[need]));
        needs
            .into_iter()
            .all(|need| place(name).is_none_or(|own| own < need))
    })
}
