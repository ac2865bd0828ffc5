//! Runs one step for many units: each after those that it waits for, independent ones side by
//! side, at most so many at once.
//!
//! Invariants: of the units that are free to run, the first in the given order runs first; after a
//! halt no unit begins, and those that run are waited for.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;

use tokio::task::JoinSet;

/// What follows from the end of one unit's step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// Those that wait for it may run.
    Continue,
    /// No other unit begins.
    Halt,
}

/// The units of a sweep and what each still waits for.
#[derive(Debug)]
pub(super) struct Sweep {
    order: Vec<usize>,
    waits_for: Vec<usize>,
    frees: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl Sweep {
    /// A sweep over `units` in that order; `before` says which units, of those taking part, one
    /// waits for.
    pub(super) fn new<'a>(units: Vec<usize>, before: impl Fn(usize) -> &'a [usize]) -> Self {
        let places: HashMap<usize, usize> = (units.iter().enumerate())
            .map(|(place, &unit)| (unit, place))
            .collect();
        let mut waits_for = vec![0; units.len()];
        let mut frees = vec![Vec::new(); units.len()];
        for (place, &unit) in units.iter().enumerate() {
            for other in before(unit) {
                if let Some(&other) = places.get(other) {
                    waits_for[place] += 1;
                    frees[other].push(place);
                }
            }
        }
        let ready = (0..units.len())
            .filter(|&place| waits_for[place] == 0)
            .collect();
        Self {
            order: units,
            waits_for,
            frees,
            ready,
        }
    }

    /// Runs the step of every unit. `done` is told the outcome of each, and says what follows.
    pub(super) async fn run<T, F>(
        mut self,
        most: usize,
        step: impl Fn(usize) -> F,
        mut done: impl FnMut(usize, T) -> Flow,
    ) where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut running = JoinSet::new();
        let mut halted = false;
        loop {
            while !halted && running.len() < most {
                let Some(place) = self.ready.pop_first() else {
                    break;
                };
                let step = step(self.order[place]);
                running.spawn(async move { (place, step.await) });
            }
            let Some(ended) = running.join_next().await else {
                return;
            };
            let (place, outcome) =
                ended.expect("a step guards the plugin's code, and nobody aborts it");
            if done(self.order[place], outcome) == Flow::Halt {
                halted = true;
            }
            self.free(place);
        }
    }

    fn free(&mut self, place: usize) {
        for waiting in std::mem::take(&mut self.frees[place]) {
            self.waits_for[waiting] -= 1;
            if self.waits_for[waiting] == 0 {
                self.ready.insert(waiting);
            }
        }
    }
}
