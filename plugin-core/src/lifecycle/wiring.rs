//! Which units wait for which: by the edges of the plan, and by kind, so that system plugins start
//! before all others and stop after them, and middleware the other way
//! round: first what intercepts, then the doors.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::unit::Unit;
use crate::plan::Edge;

/// Ties units, which stand in start order, to those that they wait for.
pub(super) fn wire(units: &mut [Unit], edges: &[Edge]) {
    let places = instances(units);
    for unit in units.iter_mut() {
        unit.replicas = places[unit.plugin()].clone();
    }
    for edge in edges {
        // An edge may lead to a plugin that config turned off.
        if let (Some(from), Some(to)) = (places.get(edge.from), places.get(edge.to)) {
            for unit in &mut units[from.clone()] {
                unit.before.extend(to.clone());
                if edge.is_hard {
                    unit.needs.push(to.clone());
                }
            }
        }
    }
    let mut tiers = BTreeMap::<_, Vec<usize>>::new();
    for at in 0..units.len() {
        let tier = units[at].descriptor.tier();
        let earlier = tiers.range(..tier).flat_map(|(_, earlier)| earlier);
        let mut before: Vec<usize> = units[at].before.iter().chain(earlier).copied().collect();
        before.sort_unstable();
        before.dedup();
        for &other in &before {
            units[other].after.push(at);
        }
        units[at].before = before;
        tiers.entry(tier).or_default().push(at);
    }
}

/// Where the instances of each plugin stand: side by side.
fn instances(units: &[Unit]) -> HashMap<&'static str, Range<usize>> {
    let mut places = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        let place = places.entry(unit.plugin()).or_insert(at..at);
        place.end = at + 1;
    }
    places
}
