//! The steps of the check, one after the other.

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

/// A checked set. Its order holds if there is neither an issue nor a cycle.
#[derive(Debug)]
pub(super) struct Solved<'s> {
    pub(super) set: Set<'s>,
    pub(super) graph: Graph<'s>,
    pub(super) order: &'s [u64],
    cycles: &'s [u64],
}

impl Solved<'_> {
    /// The index of the plugin at a place of the order.
    pub(super) const fn plugin(&self, place: usize) -> u16 {
        self.set.by_rank[self.order[place] as usize] as u16
    }

    /// The cycle whose links begin there, if one does.
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

/// Words of scratch that [`solve`] takes.
pub(super) const fn len(plugins: &[&'static Descriptor]) -> usize {
    let sizes = Sizes::of(plugins);
    rank::len(sizes.plugins)
        + names::len(sizes.plugins)
        + providers::len(&sizes)
        + graph::len(&sizes)
        + topics::len(sizes.mentions)
        + order::len(sizes.plugins)
}

/// Checks a set in zeroed scratch of [`len`] words.
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

/// The plugins, or none of them if the order can't number them.
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
