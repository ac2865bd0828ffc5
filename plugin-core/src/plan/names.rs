//! Finds plugins by name.

use super::arena::Arena;
use super::issue::{Issues, PlanIssue};
use super::set::Set;
use super::table::SlotTable;

/// Number of words for a table of this many names.
pub(super) const fn len(plugins: usize) -> usize {
    SlotTable::len(plugins)
}

/// The ranks of the plugins by the keys of their names.
pub(super) const fn names<'s>(
    set: Set<'_>,
    arena: &mut Arena<'s>,
    issues: &mut Issues<'_>,
) -> SlotTable<'s> {
    let mut names = SlotTable::new(arena, set.len());
    let mut rank = 0;
    while rank < set.len() {
        let plugin = set.at(rank);
        if let Some(first) = names.put(plugin.key, rank as u64) {
            issues.push(PlanIssue::DuplicateName {
                name: plugin.name,
                types: [set.at(first as usize).type_name, plugin.type_name],
            });
        }
        rank += 1;
    }
    names
}
