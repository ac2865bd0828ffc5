//! The steps of the check, in order.

use super::arena::{Arena, Sizes};
use super::catalogue::CatalogueEntry;
use super::graph::{self, Graph, Resolver};
use super::issue::{Issues, PlanIssue};
use super::order::{self, Order, order};
use super::providers::{self, Providers};
use super::rank::{self, rank};
use super::set::{Link, MOST, Set};
use super::{names, topics};
use crate::descriptor::Descriptor;

/// A checked set. Its order is valid if there is neither an issue nor a cycle.
#[derive(Debug)]
pub(super) struct Solved<'s> {
    pub(super) set: Set<'s>,
    pub(super) graph: Graph<'s>,
    pub(super) order: &'s [u64],
    cycles: &'s [u64],
}

impl Solved<'_> {
    /// The index of the plugin at a place in the order.
    pub(super) const fn plugin(&self, place: usize) -> u16 {
        self.set.by_rank[self.order[place] as usize] as u16
    }

    /// The cycle whose links begin at `start`, if there is one.
    pub(super) const fn cycle(&self, start: usize) -> Option<&[u64]> {
        if start == self.cycles.len() {
            return None;
        }
        let (_, rest) = self.cycles.split_at(start);
        let mut end = 0;
        while Link(rest[end]).to() != Link(rest[0]).from() {
            end += 1;
        }
        Some(rest.split_at(end + 1).0)
    }
}

/// Number of words of scratch memory that [`solve`] needs.
pub(super) const fn len(plugins: &[&'static Descriptor]) -> usize {
    let sizes = Sizes::of(plugins);
    rank::len(sizes.plugins)
        + names::len(sizes.plugins)
        + providers::len(&sizes)
        + graph::len(&sizes)
        + topics::len(sizes.mentions)
        + order::len(sizes.plugins)
}

/// Checks a set, with zeroed scratch memory of [`len`] words.
pub(super) const fn solve<'s>(
    plugins: &'s [&'static Descriptor],
    catalogue: &'static [CatalogueEntry],
    scratch: &'s mut [u64],
    issues: &mut Issues<'_>,
) -> Solved<'s> {
    let plugins = few_enough(plugins, issues);
    let mut arena = Arena::new(scratch);
    let arena = &mut arena;
    let sizes = Sizes::of(plugins);
    let set = Set {
        plugins,
        by_rank: rank(plugins, arena),
    };
    let resolver = Resolver {
        set,
        names: names::names(set, arena, issues),
        providers: Providers::of(set, &sizes, (arena, issues)),
        catalogue,
    };
    let mut graph = Graph::new(arena, &sizes);
    resolver.resolve(&mut graph, issues);
    topics::check(set, sizes.mentions, (arena, issues));
    let Order { ranks, cycles } = order(&graph, plugins.len(), arena);
    Solved {
        set,
        graph,
        order: ranks,
        cycles,
    }
}

/// The plugins; none of them if there are too many to be numbered.
const fn few_enough<'s>(
    plugins: &'s [&'static Descriptor],
    issues: &mut Issues<'_>,
) -> &'s [&'static Descriptor] {
    if plugins.len() <= MOST {
        return plugins;
    }
    issues.push(PlanIssue::TooMany {
        count: plugins.len(),
    });
    &[]
}
