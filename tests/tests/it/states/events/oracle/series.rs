//! What is promised of events that are published together.

use proptest::prop_assert;

use super::Verdict;
use super::case::Case;
use super::letters::letters;
use crate::states::events::handlers::{DECLARED, PLUGINS};
use crate::states::events::history::{Answer, Tag};

/// Most events of a series: it is published, or not, as a whole.
pub(in crate::states::events) const SERIES: usize = 64;

/// A handler of which a publisher is told that it missed some missed one at least. That the others
/// are as they were told to be is said of each event: those that are published are due to all,
/// those that are left out to none.
pub(super) fn what_is_told_of_many_is_true(case: &Case<'_>) -> Verdict {
    for (&tag, of) in &case.publications {
        let Answer::Missed { plugin, handler } = of.answer() else {
            continue;
        };
        let is_named =
            |at: &usize| (PLUGINS[DECLARED[*at].plugin], DECLARED[*at].name) == (*plugin, *handler);
        let at = (0..DECLARED.len()).find(is_named).expect("it is declared");
        let missed =
            |tag: &Tag| case.times(*tag, at) == 0 && letters(case, *tag, &DECLARED[at]).is_empty();
        let together = case.publications.iter().filter(|(other, of)| {
            other.lane == tag.lane && matches!(of.answer(), Answer::Missed { .. })
        });
        prop_assert!(
            together.map(|(tag, _)| tag).any(missed),
            "`{}` missed nothing of {:?}",
            handler,
            tag
        );
    }
    Ok(())
}
