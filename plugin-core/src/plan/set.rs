//! The plugins by rank, and the packed links between them.

use super::edge::{Edge, Reason};
use crate::descriptor::Descriptor;
use crate::init::{Arity, Need};

/// Most plugins of one set, because an order stores them as `u16`.
pub(super) const MOST: usize = u16::MAX as usize;

/// The plugins of a set, ordered by rank: their place in the order of (kind, name).
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'s> {
    pub(super) plugins: &'s [&'static Descriptor],
    /// The index of the plugin at each rank.
    pub(super) by_rank: &'s [u64],
}

impl Set<'_> {
    pub(super) const fn len(&self) -> usize {
        self.by_rank.len()
    }

    pub(super) const fn at(&self, rank: usize) -> &'static Descriptor {
        self.plugins[self.by_rank[rank] as usize]
    }

    /// Unpacks a link.
    pub(super) const fn edge(&self, link: Link) -> Edge {
        let from = self.at(link.from());
        let (reason, is_hard) = link.reason(from);
        Edge {
            from: from.name,
            to: self.at(link.to()).name,
            reason,
            is_hard,
        }
    }
}

/// A dependency in one word. Words are ordered by `from`, then by `to`, then by where it is
/// declared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link(pub(super) u64);

/// The list of the descriptor in which a link is declared.
#[derive(Debug, Clone, Copy)]
pub(super) enum List {
    Needs = 0,
    Requires = 1,
    After = 2,
}

impl Link {
    pub(super) const fn new(from: usize, to: usize, (list, at): (List, usize)) -> Self {
        Self((from as u64) << 48 | (to as u64) << 32 | (list as u64) << 30 | at as u64)
    }

    pub(super) const fn from(self) -> usize {
        (self.0 >> 48) as usize
    }

    pub(super) const fn to(self) -> usize {
        (self.0 >> 32) as usize & 0xffff
    }

    /// The reason why a plugin starts later, and whether it can't run without the other one.
    const fn reason(self, from: &Descriptor) -> (Reason, bool) {
        let at = self.0 as usize & 0x3fff_ffff;
        match self.0 >> 30 & 3 {
            0 => match &from.needs[at] {
                Need::Service { service, arity } => {
                    (Reason::Service(service.name), matches!(arity, Arity::One))
                }
                Need::Request { request, arity } => {
                    (Reason::Request(request.topic), matches!(arity, Arity::One))
                }
                _ => unreachable!(),
            },
            1 => (Reason::Requires, true),
            _ => (Reason::After, false),
        }
    }
}
