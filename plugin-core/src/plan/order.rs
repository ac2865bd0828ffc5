//! Depth-first order, and the cycles that prevent one (Tarjan's algorithm).
//!
//! Roots are visited by rank, and so are the dependencies of a plugin. A strongly connected
//! component, that is, plugins that all depend on each other, is completed as a whole. Without
//! cycles, each component is one plugin, and the order of completion has every dependency before
//! the plugins that depend on it. For a larger component, one cycle is reported.

use super::arena::Arena;
use super::graph::Graph;
use super::set::Link;

/// Number of words for the walk over this many plugins.
pub(super) const fn len(plugins: usize) -> usize {
    7 * plugins
}

/// The result of [`order`].
#[derive(Debug)]
pub(super) struct Order<'s> {
    /// The ranks, dependencies first.
    pub(super) ranks: &'s mut [u64],
    /// The links of the cycles, one cycle after the other.
    pub(super) cycles: &'s mut [u64],
}

/// The low mark of a plugin whose component is complete.
const LEFT: u64 = u64::MAX;

pub(super) const fn order<'s>(
    graph: &Graph<'_>,
    plugins: usize,
    arena: &mut Arena<'s>,
) -> Order<'s> {
    let mut walk = Walk {
        graph,
        visited: arena.take(plugins),
        low: arena.take(plugins),
        cursor: arena.take(plugins),
        path: arena.take(plugins),
        open: arena.take(plugins),
        ranks: arena.take(plugins),
        cycles: arena.take(plugins),
        count: WalkCounts {
            visited: 0,
            path: 0,
            open: 0,
            ranks: 0,
            links: 0,
        },
    };
    let mut root = 0;
    while root < plugins {
        if walk.visited[root] == 0 {
            walk.from(root);
        }
        root += 1;
    }
    Order {
        ranks: walk.ranks,
        cycles: walk.cycles.split_at_mut(walk.count.links).0,
    }
}

struct Walk<'g, 's> {
    graph: &'g Graph<'g>,
    /// The order in which plugins were visited, counted from one; zero means not yet.
    visited: &'s mut [u64],
    /// The earliest visited plugin of an open component that a plugin reaches.
    low: &'s mut [u64],
    /// The next link of a plugin to follow.
    cursor: &'s mut [u64],
    /// The plugins between the root and the present plugin.
    path: &'s mut [u64],
    /// Visited plugins whose component is not complete yet.
    open: &'s mut [u64],
    ranks: &'s mut [u64],
    cycles: &'s mut [u64],
    count: WalkCounts,
}

struct WalkCounts {
    visited: u64,
    path: usize,
    open: usize,
    ranks: usize,
    links: usize,
}

impl Walk<'_, '_> {
    const fn from(&mut self, root: usize) {
        self.enter(root);
        while self.count.path > 0 {
            let rank = self.path[self.count.path - 1] as usize;
            let cursor = self.cursor[rank] as usize;
            if cursor == self.graph.start(rank + 1) {
                self.leave(rank);
                continue;
            }
            self.cursor[rank] += 1;
            let to = self.graph.link(cursor).to();
            if self.visited[to] == 0 {
                self.enter(to);
            } else {
                self.reach(rank, to);
            }
        }
    }

    const fn enter(&mut self, rank: usize) {
        self.count.visited += 1;
        self.visited[rank] = self.count.visited;
        self.low[rank] = self.count.visited;
        self.cursor[rank] = self.graph.start(rank) as u64;
        self.path[self.count.path] = rank as u64;
        self.count.path += 1;
        self.open[self.count.open] = rank as u64;
        self.count.open += 1;
    }

    /// Records that `rank` reaches everything that `to` reaches.
    const fn reach(&mut self, rank: usize, to: usize) {
        if self.low[to] < self.low[rank] {
            self.low[rank] = self.low[to];
        }
    }

    const fn leave(&mut self, rank: usize) {
        self.count.path -= 1;
        if self.low[rank] == self.visited[rank] {
            self.leave_knot(rank);
        }
        if self.count.path > 0 {
            self.reach(self.path[self.count.path - 1] as usize, rank);
        }
    }

    /// Completes the component whose first visited plugin is `root`.
    const fn leave_knot(&mut self, root: usize) {
        let knot = self.visited[root];
        let mut size = 0;
        loop {
            self.count.open -= 1;
            size += 1;
            let rank = self.open[self.count.open] as usize;
            self.low[rank] = LEFT;
            self.visited[rank] = knot;
            self.ranks[self.count.ranks] = rank as u64;
            self.count.ranks += 1;
            if rank == root {
                break;
            }
        }
        if self.step(root).is_some() {
            self.report(root, size);
        }
    }

    /// The first link of a plugin that stays in its component.
    const fn step(&self, rank: usize) -> Option<Link> {
        let mut at = self.graph.start(rank);
        while at < self.graph.start(rank + 1) {
            let link = self.graph.link(at);
            if self.visited[link.to()] == self.visited[rank] {
                return Some(link);
            }
            at += 1;
        }
        None
    }

    /// Reports one cycle of a component, beginning at its plugin with the lowest rank.
    const fn report(&mut self, root: usize, size: usize) {
        // Every plugin of a component has a first step within it, so after as many steps as the
        // component has plugins, the walk is on a cycle.
        let (mut rank, mut steps, mut first) = (root, 0, usize::MAX);
        while let Some(link) = self.step(rank) {
            if steps >= size && link.to() < first {
                first = link.to();
            }
            if steps == 2 * size {
                break;
            }
            rank = link.to();
            steps += 1;
        }
        rank = first;
        while let Some(link) = self.step(rank) {
            self.cycles[self.count.links] = link.0;
            self.count.links += 1;
            rank = link.to();
            if rank == first {
                break;
            }
        }
    }
}
