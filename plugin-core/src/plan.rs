//! The check of a set of plugins, and its start order.
//!
//! One algorithm, two moments: `compose!` runs it in const evaluation ([`prove`]), a set put
//! together by hand runs it as an ordinary function ([`plan`]). It is therefore written without
//! traits and allocation, over scratch that the caller brings, and it compares 64-bit keys where
//! it can, for a step of const evaluation costs a hundred times what it costs at run time.
//!
//! Plugins are numbered by rank, their place in the order of (kind, name). All that follows goes
//! by rank, so neither the start order nor the issues depend on the order of the input.

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

/// The start order of a set, as indices into it, or all that is wrong with it.
///
/// # Errors
///
/// When the plugins do not fit together.
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

/// What forces the order of a set: each plugin that must start before another, and why.
pub(crate) fn edges(plugins: &[&'static Descriptor]) -> Vec<Edge> {
    let mut scratch = vec![0; scratch_len(plugins)];
    let mut issues = Issues::new(&mut []);
    let solved = solve(plugins, &[], &mut scratch, &mut issues);
    (0..solved.graph.len())
        .map(|at| solved.set.edge(solved.graph.link(at)))
        .collect()
}
