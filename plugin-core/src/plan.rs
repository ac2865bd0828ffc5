//! Checks a set of plugins, and computes its start order.
//!
//! One algorithm runs at two times: `compose!` runs it in const evaluation ([`prove()`]), and a set
//! that is chosen at run time runs it as an ordinary function ([`plan`]). Therefore it uses neither
//! traits nor allocation, but scratch memory from the caller, and it compares 64-bit keys where it
//! can: a step in const evaluation costs a hundred times as much as at run time.
//!
//! Plugins are numbered by rank, which is their place in the order of (kind, name). All further
//! steps use the rank, so neither the start order nor the issues depend on the order of the input.

mod arena;
mod catalogue;
mod edge;
mod error;
mod graph;
mod issue;
mod names;
mod order;
mod prove;
mod providers;
mod rank;
mod request;
mod set;
mod solve;
mod table;
mod topics;

use crate::descriptor::Descriptor;

pub use catalogue::CatalogueEntry;
pub use edge::{Edge, Reason};
pub use error::PlanError;
pub use issue::PlanIssue;
pub use prove::{prove, scratch_len};

use issue::Issues;
use set::Link;
use solve::{Solved, solve};

/// The start order of a set as indices into it.
///
/// # Errors
///
/// Returns all issues if the plugins do not fit together.
pub(crate) fn plan(plugins: &[&'static Descriptor]) -> Result<Vec<u16>, PlanError> {
    let mut room = 0;
    loop {
        let mut slots = vec![None; room];
        let mut issues = Issues::new(&mut slots);
        let mut scratch = vec![0; scratch_len(plugins)];
        let solved = solve(plugins, &[], &mut scratch, &mut issues);
        let found = issues.count();
        if found > room {
            room = found;
            continue;
        }
        let order = (0..solved.order.len())
            .map(|place| solved.plugin(place))
            .collect();
        let cycles = cycles(&solved);
        let issues: Vec<_> = slots.into_iter().flatten().chain(cycles).collect();
        return if issues.is_empty() {
            Ok(order)
        } else {
            Err(PlanError(issues))
        };
    }
}

fn cycles(solved: &Solved<'_>) -> Vec<PlanIssue> {
    let mut cycles = Vec::new();
    let mut at = 0;
    while let Some(path) = solved.cycle(at) {
        at += path.len();
        let path = path
            .iter()
            .map(|&link| solved.set.edge(Link(link)))
            .collect();
        cycles.push(PlanIssue::Cycle { path });
    }
    cycles
}

/// The constraints on the order of a set: which plugin must start before which, and why.
pub(crate) fn edges(plugins: &[&'static Descriptor]) -> Vec<Edge> {
    let mut scratch = vec![0; scratch_len(plugins)];
    let mut issues = Issues::new(&mut []);
    let solved = solve(plugins, &[], &mut scratch, &mut issues);
    (0..solved.graph.len())
        .map(|at| solved.set.edge(solved.graph.link(at)))
        .collect()
}
