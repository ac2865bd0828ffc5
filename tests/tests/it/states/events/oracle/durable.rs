//! What is promised of events that are stored until they are handled.

use std::collections::BTreeMap;

use proptest::{prop_assert, prop_assert_eq};

use super::Verdict;
use super::case::{Call, Case};
use super::delivery::{Due, due};
use super::letters::letters;
use super::retries::may_pass;
use crate::states::events::handlers::{DECLARED, Handler};
use crate::states::events::history::{End, Tag};

/// What a publisher was told to be stored comes to its handler, and ends well or in one letter,
/// though its plugin, or the system, stops and starts meanwhile. After that nothing is stored.
pub(super) fn what_is_stored_is_handled(case: &Case<'_>) -> Verdict {
    prop_assert_eq!(case.facts.unstored, 0, "all that is accepted is stored");
    prop_assert!(
        case.facts.left.is_empty(),
        "all has run, and is stored still: {:?}",
        case.facts.left
    );
    for (&tag, of) in &case.publications {
        for (at, handler) in durable() {
            let due = due(case, (tag, of), at);
            let calls: Vec<_> = case.calls_with(tag, at).collect();
            prop_assert!(
                due != Due::Surely || !calls.is_empty(),
                "`{}` never had {:?}: {:?}",
                handler.name,
                tag,
                of
            );
            let letters = letters(case, tag, handler);
            let Some(last) = calls.last() else {
                prop_assert!(letters.is_empty(), "a letter of nothing: {:?}", letters);
                continue;
            };
            let failed = usize::from(last.how() != End::Done);
            prop_assert_eq!(
                letters.len(),
                failed,
                "`{}` ended with {:?} in {:?}",
                handler.name,
                tag,
                last
            );
            let own = calls.iter().filter(|call| call.life == last.life).count();
            prop_assert!(
                letters.iter().all(|letter| letter.attempts == own),
                "`{}` was called {} times in its last life: {:?}",
                handler.name,
                own,
                letters
            );
        }
    }
    Ok(())
}

/// An event comes again in another life only if the one before was cut off: while it was in a call,
/// or waited for a retry. In one life it comes once, with its retries.
pub(super) fn what_is_done_does_not_come_again(case: &Case<'_>) -> Verdict {
    for (at, handler) in durable() {
        let mut last: BTreeMap<Tag, &Call> = BTreeMap::new();
        let mut first = BTreeMap::new();
        for call in case.calls_of(at) {
            prop_assert!(
                call.attempt <= handler.attempts,
                "`{}` had an event too often: {:?}",
                handler.name,
                call
            );
            for tag in &call.tags {
                let before = last.insert(*tag, call);
                let again = before.filter(|before| before.life != call.life);
                prop_assert!(
                    again.is_none_or(|before| is_unsettled(case, before, handler)),
                    "`{}` had {:?} again in {:?}, after {:?}",
                    handler.name,
                    tag,
                    call,
                    before
                );
                let Some(lane) = (handler.lane)(*tag).filter(|_| before.is_none()) else {
                    continue;
                };
                let before = first.insert(lane, tag.number);
                prop_assert!(
                    before.is_none_or(|before| before < tag.number),
                    "`{}` came to {:?} after number {:?}",
                    handler.name,
                    tag,
                    before
                );
            }
        }
    }
    Ok(())
}

/// Whether a call can have left its event in the store.
fn is_unsettled(case: &Case<'_>, call: &Call, handler: &Handler) -> bool {
    call.how() == End::Cancelled || (call.attempt < handler.attempts && may_pass(case, call))
}

/// Each delivery of an event to a handler carries the same key, which no other event has, nor that
/// event at another handler.
pub(super) fn an_event_has_one_key(case: &Case<'_>) -> Verdict {
    let (mut of_event, mut of_key) = (BTreeMap::new(), BTreeMap::new());
    for &(handler, tag, key) in &case.keys {
        let before = of_event.insert((handler, tag), key);
        prop_assert!(
            before.is_none_or(|before| before == key),
            "{:?} came to `{}` with two keys",
            tag,
            case.handlers[handler].name
        );
        let before = of_key.insert(key, (handler, tag));
        prop_assert!(
            before.is_none_or(|before| before == (handler, tag)),
            "one key for {:?} and {:?}",
            before,
            (handler, tag)
        );
    }
    let calls = case
        .calls
        .iter()
        .filter(|call| case.handlers[call.handler].durable);
    let count: usize = calls.map(|call| call.tags.len()).sum();
    prop_assert_eq!(case.keys.len(), count, "each call tells its keys");
    Ok(())
}

fn durable() -> impl Iterator<Item = (usize, &'static Handler)> {
    let all = DECLARED.iter().enumerate();
    all.filter(|(_, handler)| handler.durable)
}
