//! Reads a history and says what is wrong with it. It knows nothing of how the kernel works: only
//! when each handler was in force, for certain or perhaps, and what was promised then.

mod calls;
mod case;
mod delivery;
mod durable;
mod groups;
mod letters;
mod numbers;
mod order;
mod retries;
mod series;

use plugin_core::EventCounts;
use proptest::test_runner::TestCaseError;

use super::handlers::PLUGINS;
use super::history::Entry;
use super::operation::Setup;

pub(super) use letters::Letter;
pub(super) use series::SERIES;

/// All that the oracle sees.
pub(super) struct Facts {
    pub(super) history: Vec<Entry>,
    /// What the status said of each plugin after the stop.
    pub(super) counts: [EventCounts; PLUGINS.len()],
    /// The dead letters when all had stopped.
    pub(super) letters: Vec<Letter>,
    /// What was stored then, and not settled: by which handler, and its data.
    pub(super) left: Vec<(String, String)>,
    /// Events that were accepted and never stored.
    pub(super) unstored: usize,
    pub(super) setup: Setup,
    /// Whether all ran on one thread: nothing happens between a step and its entry.
    pub(super) in_step: bool,
    /// What was left when all had stopped.
    pub(super) backlog: usize,
}

type Verdict = Result<(), TestCaseError>;

/// Whether the promises were kept.
pub(super) fn judge(facts: &Facts) -> Verdict {
    let case = case::Case::read(facts);
    let checks = [
        delivery::each_event_comes_once(&case),
        delivery::answers_are_true(&case),
        calls::nobody_is_called_before_his_start_or_after_his_stop(&case),
        calls::no_more_calls_at_once_than_allowed(&case),
        calls::idle_is_idle(&case),
        calls::mailboxes_are_bounded(&case),
        order::events_of_a_lane_stay_in_order(&case),
        order::one_turn_follows_the_other(&case),
        order::handlers_are_called_by_rank(&case),
        groups::one_member_has_each_event(&case),
        durable::what_is_stored_is_handled(&case),
        durable::what_is_done_does_not_come_again(&case),
        durable::an_event_has_one_key(&case),
        series::what_is_told_of_many_is_true(&case),
        retries::what_may_pass_is_tried_again_and_nothing_else(&case),
        letters::what_fails_for_good_is_one_letter(&case),
        numbers::counters_are_exact(&case),
        numbers::nothing_is_lost_uncounted(&case),
    ];
    checks.into_iter().collect::<Result<(), _>>()
}
