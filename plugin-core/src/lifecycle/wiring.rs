//! Which units wait for which: by the edges of the plan, and by kind, so that system plugins start
//! before all others and stop after them, and middleware the other way round.

use std::collections::HashMap;

use super::unit::Unit;
use crate::descriptor::{Arity, Descriptor, Need};
use crate::plan::{Edge, Reason};

/// Ties units, which stand in start order, to those that they wait for.
pub(super) fn wire(units: &mut [Unit], edges: &[Edge]) {
    let places: HashMap<&str, usize> = (units.iter().enumerate())
        .map(|(at, unit)| (unit.name(), at))
        .collect();
    for edge in edges {
        // An edge may lead to a plugin that config turned off.
        if let (Some(&from), Some(&to)) = (places.get(edge.from), places.get(edge.to)) {
            units[from].before.push(to);
            if is_hard(units[from].descriptor, edge) {
                units[from].needs.push(to);
            }
        }
    }
    for at in 0..units.len() {
        let kind = units[at].descriptor.kind;
        let earlier = (0..at).filter(|&other| units[other].descriptor.kind < kind);
        let mut before: Vec<usize> = units[at].before.iter().copied().chain(earlier).collect();
        before.sort_unstable();
        before.dedup();
        for &other in &before {
            units[other].after.push(at);
        }
        units[at].before = before;
    }
}

/// Whether a plugin can't be without the other end of an edge.
fn is_hard(plugin: &Descriptor, edge: &Edge) -> bool {
    match edge.reason {
        Reason::Requires => true,
        Reason::Service(name) => plugin.needs.iter().any(|need| {
            matches!(need, Need::Service { service, arity: Arity::One } if service.name == name)
        }),
        Reason::Request(topic) => plugin.needs.iter().any(|need| {
            matches!(need, Need::Request { request, arity: Arity::One } if request.topic == topic)
        }),
        Reason::After => false,
    }
}
