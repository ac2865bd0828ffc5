//! The check in const evaluation: it returns an order, or causes a compile error with all issues.

use std::mem;

use super::catalogue::CatalogueEntry;
use super::issue::{Issues, PlanIssue, begin_cycle, end_cycle, write_step};
use super::set::Link;
use super::solve::{self, Solved, solve};
use crate::const_text::Text;
use crate::descriptor::Descriptor;

/// Most issues in one compile error.
const MOST: usize = 20;
/// Largest size of a compile error in bytes.
const ROOM: usize = 16 * 1024;

/// Number of words of scratch memory for the check of a set: the `SCRATCH` of [`prove`].
#[must_use]
pub const fn scratch_len(plugins: &[&'static Descriptor]) -> usize {
    solve::len(plugins)
}

/// The start order of a set of `N` plugins, as indices into it.
///
/// ```
/// # use plugin_core::{Descriptor, Hooks, PluginRef};
/// # use plugin_core::__private::{prove, scratch_len};
/// # const HOOKS: Hooks = Hooks::new(|_| Ok(Box::pin(async { Ok(std::sync::Arc::new(()) as PluginRef) })));
/// static B: Descriptor = Descriptor::new("b", "1.0.0", HOOKS).after(&["c"]);
/// static C: Descriptor = Descriptor::new("c", "1.0.0", HOOKS);
/// const SET: &[&Descriptor] = &[&B, &C];
/// const ORDER: [u16; SET.len()] = prove::<{ SET.len() }, { scratch_len(SET) }>(SET, &[]);
/// assert_eq!(ORDER, [1, 0]);
/// ```
///
/// # Panics
///
/// Panics if the plugins do not fit together; in a constant, this is a compile error.
#[must_use]
#[track_caller]
pub const fn prove<const N: usize, const SCRATCH: usize>(
    plugins: &[&'static Descriptor],
    catalogue: &'static [CatalogueEntry],
) -> [u16; N] {
    assert!(plugins.len() == N, "an order has a place for each plugin");
    let mut slots = [const { None }; MOST];
    let mut issues = Issues::new(&mut slots);
    let mut scratch = [0; SCRATCH];
    let solved = solve(plugins, catalogue, &mut scratch, &mut issues);
    let count = issues.count();
    if count > 0 || solved.cycle(0).is_some() {
        let mut buffer = [0; ROOM];
        let mut text = Text::new(&mut buffer);
        report((&slots, count), &solved, &mut text);
        panic!("{}", text.as_str());
    }
    mem::forget(slots);
    let mut order = [0; N];
    let mut place = 0;
    while place < N {
        order[place] = solved.plugin(place);
        place += 1;
    }
    order
}

const fn report(
    (issues, count): (&[Option<PlanIssue>], usize),
    solved: &Solved<'_>,
    text: &mut Text<'_>,
) {
    let all = count + cycles(solved);
    let mut told = 0;
    while told < issues.len() && told < count {
        if let Some(issue) = &issues[told] {
            begin(all, text);
            issue.write(text);
        }
        told += 1;
    }
    let mut at = 0;
    while told < MOST
        && let Some(path) = solved.cycle(at)
    {
        begin(all, text);
        write_cycle(path, solved, text);
        at += path.len();
        told += 1;
    }
    if told < all {
        text.push("\n- and ")
            .number((all - told) as u64)
            .push(" more");
    }
}

/// Begins the line of an issue, if there are several.
const fn begin(all: usize, text: &mut Text<'_>) {
    if all > 1 {
        text.push("\n- ");
    }
}

const fn cycles(solved: &Solved<'_>) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some(path) = solved.cycle(at) {
        at += path.len();
        count += 1;
    }
    count
}

const fn write_cycle(path: &[u64], solved: &Solved<'_>, text: &mut Text<'_>) {
    begin_cycle(text);
    let mut at = 0;
    while at < path.len() {
        write_step(at, &solved.set.edge(Link(path[at])), text);
        at += 1;
    }
    end_cycle(text);
}
