//! What is tried again, and how often.

use proptest::prop_assert;

use super::Verdict;
use super::case::{Call, Case};
use super::numbers::Between;
use crate::states::events::history::{End, Fate};

/// An event is handled once; the calls before that one failed in a way that may pass, or ran out of
/// time, in one life of the plugin.
pub(super) fn what_may_pass_is_tried_again_and_nothing_else(case: &Case<'_>) -> Verdict {
    for again in case.calls.iter().filter(|call| call.attempt > 1) {
        let handler = &case.handlers[again.handler];
        let before = (case.calls_with(again.tags[0], again.handler))
            .filter(|call| call.life == again.life || !handler.durable)
            .find(|call| call.attempt + 1 == again.attempt)
            .expect("attempts are numbered");
        prop_assert!(
            before.until() < again.begun && before.life == again.life && before.tags == again.tags,
            "`{}` was called again before, or elsewhere: {:?} after {:?}",
            handler.name,
            again,
            before
        );
        prop_assert!(
            may_pass(case, before),
            "`{}` was called again after {:?}: {:?}",
            handler.name,
            before.how(),
            again
        );
    }
    Ok(())
}

/// Whether what ended a call may pass.
pub(super) fn may_pass(case: &Case<'_>, call: &Call) -> bool {
    match call.how() {
        End::Done | End::Panicked => false,
        End::Failed => matches!(case.publications[&call.tags[0]].item.fate, Fate::Flaky(_)),
        End::Cancelled => true,
    }
}

/// Events that were to be tried again and were not: a stop that was late left them, which its
/// report says. A call that was cut off is in the report anyway, one that ran out of time is not.
pub(super) fn left_waiting(case: &Case<'_>, plugin: usize) -> Between {
    let mut left = Between::default();
    for call in case.calls_in(plugin) {
        let is_last = case.times(call.tags[0], call.handler) == call.attempt;
        let has_more = call.attempt < case.handlers[call.handler].attempts;
        if !is_last || !has_more || !may_pass(case, call) {
            continue;
        }
        match call.how() {
            End::Cancelled => left.perhaps(1),
            _ => left.surely(1),
        }
    }
    left
}
