//! In which order handlers are called, and events arrive.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use proptest::prop_assert;

use super::Verdict;
use super::case::Case;

/// Each handler of one call at a time has the events of a lane in the order of their numbers.
pub(super) fn events_of_a_lane_stay_in_order(case: &Case<'_>) -> Verdict {
    for (at, handler) in case.handlers.iter().enumerate() {
        let mut last = BTreeMap::new();
        for tag in case.calls_of(at).flat_map(|call| &call.tags) {
            let Some(lane) = (handler.lane)(*tag) else {
                continue;
            };
            let before = last.insert(lane, tag.number);
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
