//! Providers by service, and responders by request. A request can have only one responder.
//!
//! The key of a service is made from a path and the key of a request from a topic, so both can be
//! in one table. The providers of one service form a ring in the order of rank. The table contains
//! the last provider of the ring, whose successor is the first.

use super::arena::{Arena, Sizes};
use super::issue::{Issues, PlanIssue};
use super::set::Set;
use super::table::SlotTable;

#[derive(Debug)]
pub(super) struct Providers<'s> {
    last: SlotTable<'s>,
    next: &'s mut [u64],
    ranks: &'s mut [u64],
    count: usize,
}

/// Number of words for the providers of a set.
pub(super) const fn len(sizes: &Sizes) -> usize {
    SlotTable::len(sizes.provides) + 2 * sizes.provides
}

impl<'s> Providers<'s> {
    pub(super) const fn of(
        set: Set<'_>,
        sizes: &Sizes,
        (arena, issues): (&mut Arena<'s>, &mut Issues<'_>),
    ) -> Self {
        let mut providers = Self {
            last: SlotTable::new(arena, sizes.provides),
            next: arena.take(sizes.provides),
            ranks: arena.take(sizes.provides),
            count: 0,
        };
        let mut rank = 0;
        while rank < set.len() {
            let provides = set.at(rank).provides;
            let mut at = 0;
            while at < provides.len() {
                let service = provides[at].service;
                if let Some(other) = providers.add(rank, service.key, service.many) {
                    issues.push(PlanIssue::TwoProviders {
                        service: service.name,
                        plugins: [set.at(other).name, set.at(rank).name],
                    });
                }
                at += 1;
            }
            providers.add_responders(set, rank, issues);
            rank += 1;
        }
        providers
    }

    const fn add_responders(&mut self, set: Set<'_>, rank: usize, issues: &mut Issues<'_>) {
        let responds = set.at(rank).responds;
        let mut at = 0;
        while at < responds.len() {
            let request = responds[at].request;
            if let Some(other) = self.add(rank, request.key, false) {
                issues.push(PlanIssue::TwoResponders {
                    request: request.topic,
                    plugins: [set.at(other).name, set.at(rank).name],
                });
            }
            at += 1;
        }
    }

    /// Adds a provider, and returns the provider with which it conflicts.
    const fn add(&mut self, rank: usize, key: u64, many: bool) -> Option<usize> {
        let new = self.count;
        self.count += 1;
        self.ranks[new] = rank as u64;
        let Some(last) = self.last.put(key, new as u64) else {
            self.next[new] = new as u64;
            return None;
        };
        self.next[new] = self.next[last as usize];
        self.next[last as usize] = new as u64;
        if many {
            None
        } else {
            Some(self.ranks[last as usize] as usize)
        }
    }

    /// The last provider of a service, at which a walk over its ring ends.
    pub(super) const fn last(&self, service: u64) -> Option<u64> {
        self.last.get(service)
    }

    /// The next provider in the ring.
    pub(super) const fn after(&self, provider: u64) -> u64 {
        self.next[provider as usize]
    }

    /// The rank of the plugin.
    pub(super) const fn rank(&self, provider: u64) -> usize {
        self.ranks[provider as usize] as usize
    }
}
