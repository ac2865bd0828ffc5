//! What is promised of the members of a group together.

use proptest::{prop_assert, prop_assert_eq};

use super::Verdict;
use super::case::{Case, Publication};
use super::delivery::{Due, due_to_any};
use super::letters::letters;
use crate::states::events::handlers::{DECLARED, PLUGINS};
use crate::states::events::history::{Answer, Tag};

/// One member has an event that is due to the group, in a call or, if a stop left it, in a letter;
/// and never two.
pub(super) fn one_member_has_each_event(case: &Case<'_>) -> Verdict {
    for (&tag, of) in &case.publications {
        for members in groups() {
            let has = |at: &&usize| {
                let left = !letters(case, tag, &DECLARED[**at]).is_empty();
                case.times(tag, **at) > 0 || left
            };
            let having: Vec<_> = members.iter().filter(has).collect();
            let name = DECLARED[members[0]].name;
            prop_assert!(
                having.len() <= 1,
                "{} members of `{}` had {:?}",
                having.len(),
                name,
                tag
            );
            let any = |at: &usize| due_to_any(case, (tag, of), *at) == Due::Surely;
            let is_due = members.iter().any(any);
            prop_assert!(
                !is_due || having.len() == 1,
                "no member of `{}` had {:?}: {:?}",
                name,
                tag,
                of
            );
            one_outcome(of, (&members, is_due, tag))?;
        }
    }
    Ok(())
}

/// Who waits is told what one member made of the event.
fn one_outcome(of: &Publication, (members, is_due, tag): (&[usize], bool, Tag)) -> Verdict {
    let Answer::Outcomes(outcomes) = of.answer() else {
        return Ok(());
    };
    let is_member = |(plugin, handler, _): &&(&str, &str, bool)| {
        let own = |at: &usize| (PLUGINS[DECLARED[*at].plugin], DECLARED[*at].name);
        members.iter().any(|at| own(at) == (*plugin, *handler))
    };
    let told = outcomes.iter().filter(is_member).count();
    if is_due {
        prop_assert_eq!(told, 1, "members that told of {:?}", tag);
    }
    prop_assert!(told <= 1, "{} members told of {:?}", told, tag);
    Ok(())
}

/// The members of each group.
fn groups() -> impl Iterator<Item = Vec<usize>> {
    let members = |first: usize| -> Vec<usize> {
        let own = |at: &usize| DECLARED[*at].shares_with(&DECLARED[first]);
        (0..DECLARED.len()).filter(own).collect()
    };
    (0..DECLARED.len())
        .map(move |at| (at, members(at)))
        .filter(|(at, members)| members.first() == Some(at))
        .map(|(_, members)| members)
}
