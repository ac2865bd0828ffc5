//! The links of a set: the needs of each plugin, resolved to plugins.

use super::arena::{Arena, Sizes};
use super::catalogue;
use super::catalogue::CatalogueEntry;
use super::issue::{Issues, PlanIssue};
use super::providers::Providers;
use super::set::{Link, List, Set};
use super::table::SlotTable;
use crate::descriptor::{Descriptor, Requirement};
use crate::init::{Arity, Need};

/// The links of all plugins. Those of one plugin are next to each other and sorted.
#[derive(Debug)]
pub(super) struct Graph<'s> {
    links: &'s mut [u64],
    /// The first link of each rank, followed by the end of the last ones.
    starts: &'s mut [u64],
    count: usize,
}

/// Number of words for the links of a set.
pub(super) const fn len(sizes: &Sizes) -> usize {
    sizes.edges + sizes.plugins + 1
}

impl<'s> Graph<'s> {
    pub(super) const fn new(arena: &mut Arena<'s>, sizes: &Sizes) -> Self {
        Self {
            links: arena.take(sizes.edges),
            starts: arena.take(sizes.plugins + 1),
            count: 0,
        }
    }

    pub(super) const fn link(&self, at: usize) -> Link {
        Link(self.links[at])
    }

    pub(super) const fn start(&self, rank: usize) -> usize {
        self.starts[rank] as usize
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    const fn add(&mut self, link: Link) {
        self.links[self.count] = link.0;
        self.count += 1;
    }

    /// Sorts the links of the rank that was resolved last. There are few of them, and most are
    /// already in order.
    const fn close(&mut self, rank: usize) {
        let start = self.start(rank);
        let mut sorted = start + 1;
        while sorted < self.count {
            let mut at = sorted;
            while at > start && self.links[at - 1] > self.links[at] {
                self.links.swap(at - 1, at);
                at -= 1;
            }
            sorted += 1;
        }
        self.starts[rank + 1] = self.count as u64;
    }
}

/// The tables by which names and services are resolved.
#[derive(Debug)]
pub(super) struct Resolver<'s> {
    pub(super) set: Set<'s>,
    pub(super) names: SlotTable<'s>,
    pub(super) providers: Providers<'s>,
    pub(super) catalogue: &'static [CatalogueEntry],
}

impl Resolver<'_> {
    pub(super) const fn resolve(&self, graph: &mut Graph<'_>, issues: &mut Issues<'_>) {
        let mut rank = 0;
        while rank < self.set.len() {
            self.needs(rank, graph, issues);
            self.requires(rank, graph, issues);
            self.after(rank, graph);
            self.conflicts(rank, issues);
            graph.close(rank);
            rank += 1;
        }
    }

    const fn needs(&self, rank: usize, graph: &mut Graph<'_>, issues: &mut Issues<'_>) {
        let plugin = self.set.at(rank);
        let mut at = 0;
        while at < plugin.needs.len() {
            match &plugin.needs[at] {
                Need::Service { service, arity } => {
                    let wanted = (service.key, service.many);
                    let found = self.link_providers(wanted, (rank, at), graph);
                    if !found && matches!(arity, Arity::One) {
                        issues.push(PlanIssue::MissingProvider {
                            plugin: plugin.name,
                            service: service.name,
                            catalogued: catalogue::provider(self.catalogue, service.name),
                        });
                    }
                }
                Need::Request { request, arity } => {
                    let found = self.link_providers((request.key, false), (rank, at), graph);
                    if !found && matches!(arity, Arity::One) {
                        issues.push(PlanIssue::MissingResponder {
                            plugin: plugin.name,
                            request: request.topic,
                            catalogued: catalogue::responder(self.catalogue, request.topic),
                        });
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// Adds a link to each provider, and returns whether there is one.
    const fn link_providers(
        &self,
        (key, many): (u64, bool),
        (rank, at): (usize, usize),
        graph: &mut Graph<'_>,
    ) -> bool {
        let Some(last) = self.providers.last(key) else {
            return false;
        };
        let mut provider = last;
        loop {
            provider = self.providers.after(provider);
            let to = self.providers.rank(provider);
            graph.add(Link::new(rank, to, (List::Needs, at)));
            // If only one provider is allowed, one link is enough.
            if provider == last || !many {
                return true;
            }
        }
    }

    const fn requires(&self, rank: usize, graph: &mut Graph<'_>, issues: &mut Issues<'_>) {
        let plugin = self.set.at(rank);
        let mut at = 0;
        while at < plugin.requires.len() {
            let requirement = &plugin.requires[at];
            let found = self.find(requirement.plugin);
            if let Some(to) = found {
                graph.add(Link::new(rank, to, (List::Requires, at)));
            }
            self.check(plugin, (requirement, found), issues);
            at += 1;
        }
    }

    const fn check(
        &self,
        plugin: &'static Descriptor,
        (requirement, found): (&Requirement, Option<usize>),
        issues: &mut Issues<'_>,
    ) {
        let (plugin, required) = (plugin.name, requirement.plugin);
        let requirement = requirement.version;
        let Some(found) = found else {
            let catalogued = catalogue::plugin(self.catalogue, required);
            issues.push(PlanIssue::MissingPlugin {
                plugin,
                required,
                catalogued,
            });
            return;
        };
        let version = self.set.at(found).version;
        match version.judge(requirement) {
            Some(true) => {}
            Some(false) => issues.push(PlanIssue::VersionMismatch {
                plugin,
                required,
                requirement,
                version,
            }),
            None => issues.push(PlanIssue::InvalidRequirement {
                plugin,
                required,
                requirement,
            }),
        }
    }

    const fn after(&self, rank: usize, graph: &mut Graph<'_>) {
        let after = self.set.at(rank).after;
        let mut at = 0;
        while at < after.len() {
            if let Some(to) = self.find(after[at]) {
                graph.add(Link::new(rank, to, (List::After, at)));
            }
            at += 1;
        }
    }

    const fn conflicts(&self, rank: usize, issues: &mut Issues<'_>) {
        let plugin = self.set.at(rank);
        let mut at = 0;
        while at < plugin.conflicts.len() {
            if let Some(other) = self.find(plugin.conflicts[at])
                && !(other < rank && declares_conflict(self.set.at(other), plugin))
            {
                issues.push(PlanIssue::Conflict {
                    plugin: plugin.name,
                    other: plugin.conflicts[at],
                });
            }
            at += 1;
        }
    }

    const fn find(&self, name: &str) -> Option<usize> {
        match self.names.get(crate::key::of(name)) {
            Some(rank) => Some(rank as usize),
            None => None,
        }
    }
}

const fn declares_conflict(plugin: &Descriptor, other: &Descriptor) -> bool {
    let mut at = 0;
    while at < plugin.conflicts.len() {
        if crate::key::of(plugin.conflicts[at]) == other.key {
            return true;
        }
        at += 1;
    }
    false
}
