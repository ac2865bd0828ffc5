//! In which order handlers are called, and events arrive.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proptest::prop_assert;

use super::Verdict;
use super::case::{Call, Case};

/// Each handler that keeps an order, or each group that does, has the events of a lane in the order
/// of their numbers.
pub(super) fn events_of_a_lane_stay_in_order(case: &Case<'_>) -> Verdict {
    for (at, handler) in case.handlers.iter().enumerate() {
        let mut last = BTreeMap::new();
        let first = case.calls_of_all(at).filter(|call| call.attempt == 1);
        let events = first.flat_map(|call| call.tags.iter().map(|tag| (call.life, tag)));
        for (life, tag) in events {
            let Some(lane) = (handler.lane)(*tag) else {
                continue;
            };
            // What is stored comes again after a start, in order.
            let life = handler.durable.then_some(life);
            let before = last.insert((life, lane), tag.number);
            prop_assert!(
                before.is_none_or(|before| before < tag.number),
                "`{}` #{} had {:?} after number {:?}",
                handler.name,
                at,
                tag,
                before
            );
        }
    }
    Ok(())
}

/// Events of one turn are handled one after the other, by whichever member of a group: the next one
/// begins when the one before it has had all its retries.
pub(super) fn one_turn_follows_the_other(case: &Case<'_>) -> Verdict {
    for (at, handler) in case.handlers.iter().enumerate() {
        let mut last: BTreeMap<u32, &Call> = BTreeMap::new();
        for call in case.calls_of_all(at) {
            let tag = call.tags[0];
            let Some(turn) = (handler.turn)(tag) else {
                continue;
            };
            let Some(before) = last.insert(turn, call) else {
                continue;
            };
            prop_assert!(
                before.until() < call.begun,
                "`{}` had two events of one turn at once: {:?}, {:?}",
                handler.name,
                before,
                call
            );
            prop_assert!(
                call.attempt == 1 || before.tags == call.tags,
                "`{}` did not wait for the retry {:?}: {:?}",
                handler.name,
                call,
                before
            );
        }
    }
    Ok(())
}

/// Inline handlers by priority, then start order, then order of subscribing; queued ones after.
pub(super) fn handlers_are_called_by_rank(case: &Case<'_>) -> Verdict {
    for tag in case.publications.keys() {
        let mut inline = Vec::new();
        let mut queued = usize::MAX;
        for call in case.calls.iter().filter(|call| call.tags.contains(tag)) {
            let handler = &case.handlers[call.handler];
            if handler.inline {
                let rank = (Reverse(handler.priority), handler.plugin, call.handler);
                inline.push((rank, call.until()));
            } else {
                queued = queued.min(call.begun);
            }
        }
        prop_assert!(
            inline.is_sorted_by_key(|(rank, _)| *rank),
            "{:?} came out of rank: {:?}",
            tag,
            inline
        );
        prop_assert!(
            inline.iter().all(|(_, until)| *until < queued),
            "{:?} was in a mailbox before its inline handlers were done",
            tag
        );
    }
    Ok(())
}
