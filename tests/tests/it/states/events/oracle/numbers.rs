//! What the status and the reports say, against what happened.

use proptest::{prop_assert, prop_assert_eq};

use super::Verdict;
use super::case::{Call, Case, Phase};
use super::delivery::{Due, due};
use super::retries;
use crate::states::events::handlers::{DECLARED, KEEPER, PLUGINS};
use crate::states::events::history::{Answer, End, Entry, Fate};

/// A number that is known, or as exactly as the history tells.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Between {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Between {
    pub(super) fn surely(&mut self, count: u64) {
        self.least += count;
        self.most += count;
    }

    pub(super) fn perhaps(&mut self, count: u64) {
        self.most += count;
    }

    fn holds(self, number: u64) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

/// Received, published, errors.
pub(super) fn counters_are_exact(case: &Case<'_>) -> Verdict {
    prop_assert_eq!(case.facts.backlog, 0, "when all have stopped");
    for (plugin, counts) in case.facts.counts.into_iter().enumerate() {
        let name = PLUGINS[plugin];
        let first = |call: &&Call| call.attempt == 1;
        let (received, again) = (
            events(case.calls_in(plugin).filter(first)),
            events(case.calls_in(plugin).filter(|call| !first(call))),
        );
        prop_assert_eq!(counts.received, received, "received of `{}`", name);
        prop_assert_eq!(counts.retries, again, "retries of `{}`", name);
        let published = published(case, plugin);
        prop_assert!(
            published.holds(counts.published),
            "published of `{}`: {}, not {:?}",
            name,
            counts.published,
            published
        );
        prop_assert!(
            timeouts(case, plugin).is_some(),
            "errors of `{}`: {}, though {} calls failed, {} were given up, and {:?} filters",
            name,
            counts.errors,
            count(case, plugin, |how| matches!(
                how,
                End::Failed | End::Panicked
            )),
            count(case, plugin, |how| how == End::Cancelled),
            filters(case, plugin)
        );
    }
    Ok(())
}

fn events<'a>(calls: impl Iterator<Item = &'a Call>) -> u64 {
    calls.map(|call| call.tags.len() as u64).sum()
}

fn published(case: &Case<'_>, plugin: usize) -> Between {
    let mut published = Between::default();
    for of in case.publications.values().filter(|of| of.by == plugin) {
        match of.answer() {
            Answer::TryFull | Answer::LeftOut => {}
            // It may stop between the first look and the second.
            Answer::Stopping if case.plugins[plugin].over(of.begun, of.until()) == Phase::Off => {}
            Answer::Stopping => published.perhaps(1),
            _ => published.surely(1),
        }
    }
    published
}

fn count(case: &Case<'_>, plugin: usize, which: impl Fn(End) -> bool) -> u64 {
    let calls = case.calls_in(plugin).filter(|call| which(call.how()));
    calls.count() as u64
}

/// Errors of filters: a filter is asked once for each handler in force.
fn filters(case: &Case<'_>, plugin: usize) -> Between {
    let mut errors = Between::default();
    for (at, handler) in case.handlers.iter().enumerate() {
        if handler.plugin != plugin || !handler.filtered {
            continue;
        }
        for of in case.publications.values() {
            let panics = of.item.fate == Fate::FilterPanic && !of.item.side;
            let phase = case.timelines[at].over(of.begun, of.until());
            match (panics, phase, of.answer()) {
                (false, ..) | (_, Phase::Off, _) | (_, _, Answer::LeftOut) => {}
                // What is queued is asked for before all have room.
                (_, _, Answer::TryFull) if handler.inline => {}
                (
                    true,
                    Phase::On,
                    Answer::Accepted
                    | Answer::Full { .. }
                    | Answer::Missed { .. }
                    | Answer::Outcomes(_),
                ) => errors.surely(1),
                (true, ..) => errors.perhaps(1),
            }
        }
    }
    errors
}

/// How many of the calls that were given up ran out of time: the errors that nothing else
/// explains. `None` when there are more, or fewer, than there can be.
fn timeouts(case: &Case<'_>, plugin: usize) -> Option<Between> {
    let failed = count(case, plugin, |how| {
        matches!(how, End::Failed | End::Panicked)
    });
    let cancelled = count(case, plugin, |how| how == End::Cancelled);
    let filters = filters(case, plugin);
    let rest = case.facts.counts[plugin].errors.checked_sub(failed)?;
    let most = rest.checked_sub(filters.least)?.min(cancelled);
    let least = rest.saturating_sub(filters.most);
    (least <= most).then_some(Between { least, most })
}

/// Every event that a queued handler was to have was handled, or it is in a number: dropped by the
/// overflow policy, or lost by a stop that was late.
pub(super) fn nothing_is_lost_uncounted(case: &Case<'_>) -> Verdict {
    for (plugin, counts) in case.facts.counts.into_iter().enumerate() {
        if plugin == KEEPER {
            let lost = lost(case, plugin);
            prop_assert_eq!(
                (counts.dropped.overflow, lost),
                (0, 0),
                "all of it is stored"
            );
            continue;
        }
        let missing = missing(case, plugin);
        let drops = DECLARED
            .iter()
            .any(|handler| handler.plugin == plugin && handler.drops());
        prop_assert!(drops || counts.dropped.overflow == 0, "nothing drops there");
        let Some(timeouts) = timeouts(case, plugin) else {
            continue;
        };
        // A call that a stop cut off is in the report, too; one that ran out of time is not.
        let given_up = |call: &&Call| call.how() == End::Cancelled;
        let cancelled = events(case.calls_in(plugin).filter(given_up));
        let said = counts.dropped.overflow + lost(case, plugin);
        let cut = Between {
            least: cancelled.saturating_sub(timeouts.most),
            most: cancelled.saturating_sub(timeouts.least),
        };
        let waited = retries::left_waiting(case, plugin);
        prop_assert!(
            said >= missing.least + cut.least + waited.least
                && said <= missing.most + cut.most + waited.most,
            "`{}`: {} dropped and {} lost, but {:?} were not handled, {:?} cut off, {:?} not tried again",
            PLUGINS[plugin],
            counts.dropped.overflow,
            lost(case, plugin),
            missing,
            cut,
            waited
        );
    }
    Ok(())
}

fn lost(case: &Case<'_>, plugin: usize) -> u64 {
    let lost = case.facts.history.iter().map(|entry| match entry {
        Entry::Answered {
            plugin: of, lost, ..
        } if *of == plugin => *lost as u64,
        _ => 0,
    });
    lost.sum()
}

/// Events that queued handlers were to have, and were not called with.
fn missing(case: &Case<'_>, plugin: usize) -> Between {
    let mut missing = Between::default();
    for (at, handler) in case.handlers.iter().enumerate() {
        if handler.plugin != plugin || handler.inline {
            continue;
        }
        for (&tag, of) in &case.publications {
            if case.times(tag, at) > 0 || case.is_elsewhere(tag, at) {
                continue;
            }
            match due(case, (tag, of), at) {
                Due::Never => {}
                Due::Surely if !case.ended.contains(&at) => missing.surely(1),
                Due::Surely | Due::Perhaps => missing.perhaps(1),
            }
        }
    }
    missing
}
