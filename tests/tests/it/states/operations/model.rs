//! What the system should be after each operation, and in which orders it may get there.

use plugin_core::lifecycle::State;

use super::node::{NAMES, NEEDS};
use super::section::{Own, Section};

#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Start(usize),
    Stop(usize, bool),
    Restart(usize),
    /// A task of the plugin fails.
    Break(usize),
    Publish,
    /// The operator writes the file of a plugin.
    Write(usize, Section),
    /// Of one plugin, or of all.
    Reload(Option<usize>),
    /// The same, but it is only told what would be done.
    Plan(Option<usize>),
    Load(usize),
    Unload(usize, bool),
    Enable(usize),
    Disable(usize, bool),
}

/// A plugin that is under management.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) state: State,
    /// What its next start is made with.
    pub(super) setup: Section,
    /// What its plugin goes by, while it runs.
    pub(super) own: Own,
}

/// What the system should be.
#[derive(Debug, Clone)]
pub(super) struct Model {
    /// What the operator's files say.
    pub(super) files: [Section; 4],
    /// What is applied of it.
    pub(super) applied: [Section; 4],
    /// What was turned on or off until the next start.
    pub(super) switches: [Option<bool>; 4],
    /// What was turned on or off for good.
    pub(super) noted: [Option<bool>; 4],
    pub(super) lives: [Option<Life>; 4],
}

/// What an operation should come to: what it did to which plugins, or the word for its refusal.
pub(super) type Expected = Result<Vec<(&'static str, &'static str)>, &'static str>;

impl Model {
    /// All plugins run with the first config.
    pub(super) fn new() -> Self {
        let setup = Section::FIRST;
        Self {
            files: [setup; 4],
            applied: [setup; 4],
            switches: [None; 4],
            noted: [None; 4],
            lives: [Some(Life {
                state: State::Running,
                setup,
                own: setup.own,
            }); 4],
        }
    }

    pub(super) fn runs(&self, at: usize) -> bool {
        self.lives[at].is_some_and(|life| life.state == State::Running)
    }

    pub(super) fn running(&self) -> Vec<&'static str> {
        let running = (0..4).filter(|&at| self.runs(at));
        running.map(|at| NAMES[at]).collect()
    }

    /// The plugins that can't be without one and are under management, those that stop first in front.
    pub(super) fn dependents(&self, of: usize) -> Vec<usize> {
        let mut found = vec![of];
        for (at, needs) in NEEDS.into_iter().enumerate() {
            if self.lives[at].is_some() && needs.iter().any(|need| found.contains(need)) {
                found.push(at);
            }
        }
        found.into_iter().skip(1).rev().collect()
    }

    pub(super) fn start(&mut self, at: usize) -> Expected {
        match self.lives[at] {
            None => return Err("not loaded"),
            Some(life) if life.state == State::Running => return Err("state"),
            Some(_) => {}
        }
        if !self.has_needs(at) {
            return Err("needs");
        }
        self.launch(at)?;
        Ok(vec![(NAMES[at], "changed")])
    }

    pub(super) fn stop(&mut self, at: usize, cascade: bool) -> Expected {
        if self.lives[at].is_none() {
            return Err("not loaded");
        }
        let mut stopped = self.dependents(at);
        stopped.retain(|&at| self.runs(at));
        if !stopped.is_empty() && !cascade {
            return Err("needed");
        }
        if !self.runs(at) {
            return Err("state");
        }
        stopped.push(at);
        stopped.iter().for_each(|&at| self.halt(at));
        Ok((stopped.into_iter().map(|at| (NAMES[at], "changed"))).collect())
    }

    pub(super) fn restart(&mut self, at: usize) -> Expected {
        if !self.runs(at) {
            return self.start(at);
        }
        self.launch(at)?;
        Ok(vec![(NAMES[at], "changed")])
    }

    /// It is given up at once, and those that can't be without it stop.
    pub(super) fn fail(&mut self, at: usize) {
        for dependent in self.dependents(at) {
            if self.runs(dependent) {
                self.halt(dependent);
            }
        }
        self.set(at, State::Failed);
    }

    pub(super) fn has_needs(&self, at: usize) -> bool {
        NEEDS[at].iter().all(|&need| self.runs(need))
    }

    /// Starts a plugin from the beginning; one that fails is given up.
    pub(super) fn launch(&mut self, at: usize) -> Result<(), &'static str> {
        if self.comes_up(at) {
            return Ok(());
        }
        self.fail(at);
        Err("failed")
    }

    /// Starts a plugin from the beginning, and says whether it runs.
    pub(super) fn comes_up(&mut self, at: usize) -> bool {
        let life = self.lives[at].as_mut().expect("it is under management");
        life.own = life.setup.own;
        let comes_up = life.own.comes_up();
        life.state = match comes_up {
            true => State::Running,
            false => State::Failed,
        };
        comes_up
    }

    pub(super) fn halt(&mut self, at: usize) {
        self.set(at, State::Stopped);
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(life) = &mut self.lives[at] {
            life.state = state;
        }
    }
}

/// Dependents come first where plugins stop; between independent ones the order of their ends is open.
pub(super) fn same(outcome: &Expected, expected: &Expected) -> bool {
    let (Ok(outcome), Ok(expected)) = (outcome, expected) else {
        return outcome == expected;
    };
    let is_plan = |done: &Expected| done.iter().flatten().all(|(_, what)| *what != "changed");
    if is_plan(&Ok(expected.clone())) {
        return outcome == expected;
    }
    let sorted = |done: &[(&'static str, &'static str)]| {
        let mut done = done.to_vec();
        done.sort_unstable();
        done
    };
    let names: Vec<_> = outcome.iter().map(|(name, _)| *name).collect();
    sorted(outcome) == sorted(expected) && in_order(&names)
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
