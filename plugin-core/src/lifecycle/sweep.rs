//! Runs one step for many instances: each after those that it waits for, independent ones at the
//! same time, up to a limit.
//!
//! Invariants: of the instances that are free to run, the first in the given order runs first;
//! after a halt no step begins, and the steps in progress are waited for.
//!
//! A step is first polled by the sweep itself, and is moved to a task of its own only if it has to
//! wait, because most instances have nothing to wait for. Hooks, which may block their thread,
//! always have a task.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::Pin;

use tokio::task::JoinSet;
use tokio::task::coop::consume_budget;

use super::first_poll::first_poll;

/// What happens after the end of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    /// The instances that wait for it may run.
    Continue,
    /// No other step begins.
    Halt,
}

/// The instances of a sweep, and the number of steps that each still waits for.
#[derive(Debug)]
pub(super) struct Sweep<I> {
    order: Vec<I>,
    waits_for: Vec<usize>,
    frees: Vec<Vec<usize>>,
    /// The first of the order is the greatest element of the heap.
    ready: BinaryHeap<Reverse<usize>>,
}

impl<I: Clone> Sweep<I> {
    /// A sweep in this order. For each pair in `waits`, the instance at the first index waits for
    /// the one at the second.
    pub(super) fn new(order: Vec<I>, waits: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut waits_for = vec![0; order.len()];
        let mut frees = vec![Vec::new(); order.len()];
        for (place, other) in waits {
            waits_for[place] += 1;
            frees[other].push(place);
        }
        let ready = (0..order.len())
            .filter(|&place| waits_for[place] == 0)
            .map(Reverse)
            .collect();
        Self {
            order,
            waits_for,
            frees,
            ready,
        }
    }

    /// Runs the step of every instance. `done` gets the outcome of each and returns what happens
    /// next.
    pub(super) async fn run<T, F>(
        mut self,
        most: usize,
        step: impl Fn(I) -> F,
        mut done: impl FnMut(I, T) -> Flow,
    ) where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let mut running = JoinSet::new();
        let mut place_of_steps = FutureSlot(None);
        let mut halted = false;
        loop {
            let (place, outcome) = match self.next(halted || running.len() >= most) {
                Some(place) => match place_of_steps.begin(step(self.order[place].clone())).await {
                    Begun::Done(outcome) => (place, outcome),
                    Begun::Waits(step) => {
                        running.spawn(async move { (place, step.await) });
                        continue;
                    }
                },
                None => match running.join_next().await {
                    Some(ended) => {
                        ended.expect("a step guards the plugin's code, and nobody aborts it")
                    }
                    None => return,
                },
            };
            if done(self.order[place].clone(), outcome) == Flow::Halt {
                halted = true;
            }
            self.free(place);
        }
    }

    /// The next instance that is free to run, if another one may run now.
    fn next(&mut self, waits: bool) -> Option<usize> {
        if waits {
            return None;
        }
        self.ready.pop().map(|Reverse(place)| place)
    }

    fn free(&mut self, place: usize) {
        for waiting in std::mem::take(&mut self.frees[place]) {
            self.waits_for[waiting] -= 1;
            if self.waits_for[waiting] == 0 {
                self.ready.push(Reverse(waiting));
            }
        }
    }
}

/// The place where steps are polled first. It is allocated once for all steps that do not wait.
struct FutureSlot<F>(Option<Pin<Box<F>>>);

/// The result of the first poll of a step.
enum Begun<F: Future> {
    Done(F::Output),
    Waits(Pin<Box<F>>),
}

impl<F: Future> FutureSlot<F> {
    /// Polls a step once. After many steps that do not wait, it yields to other tasks.
    async fn begin(&mut self, step: F) -> Begun<F> {
        consume_budget().await;
        let mut begun = match self.0.take() {
            Some(mut place) => {
                place.set(step);
                place
            }
            None => Box::pin(step),
        };
        match first_poll(begun.as_mut()).await {
            Some(outcome) => {
                self.0 = Some(begun);
                Begun::Done(outcome)
            }
            None => Begun::Waits(begun),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::Handle;

    const NOBODY: [(usize, usize); 0] = [];

    #[tokio::test]
    async fn a_step_that_does_not_wait_has_no_task() {
        let mut done = Vec::new();
        let step = |one| async move { (one, Handle::current().metrics().num_alive_tasks()) };
        let note = |_, outcome| {
            done.push(outcome);
            Flow::Continue
        };
        let sweep = Sweep::new((0..1_000).collect(), NOBODY);
        sweep.run(10, step, note).await;
        assert!(done.iter().copied().eq((0..1_000).map(|one| (one, 0))));
    }

    #[tokio::test]
    async fn steps_that_wait_run_side_by_side_but_no_more_than_allowed() {
        let mut most = 0;
        let step = |_| async {
            tokio::task::yield_now().await;
            Handle::current().metrics().num_alive_tasks()
        };
        let note = |_, alive| {
            most = most.max(alive);
            Flow::Continue
        };
        let sweep = Sweep::new((0..20).collect(), NOBODY);
        sweep.run(3, step, note).await;
        assert_eq!(most, 3);
    }

    /// The last of three instances waits for the first, which has to wait, and the halt comes
    /// before its turn.
    #[tokio::test]
    async fn after_a_halt_no_step_begins_and_those_that_run_are_waited_for() {
        let mut done = Vec::new();
        let step = |one| async move {
            if one == 0 {
                tokio::task::yield_now().await;
            }
        };
        let note = |one, ()| {
            done.push(one);
            if one == 1 { Flow::Halt } else { Flow::Continue }
        };
        Sweep::new(vec![0, 1, 2], [(2, 0)])
            .run(10, step, note)
            .await;
        assert_eq!(done, [1, 0]);
    }
}
