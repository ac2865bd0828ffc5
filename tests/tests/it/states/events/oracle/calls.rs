//! When handlers are called, and how many at once.

use std::collections::BTreeSet;

use proptest::{prop_assert, prop_assert_eq};

use super::Verdict;
use super::case::{Call, Case};
use crate::states::events::handlers::{KEEPER, PATIENT, RECEIVERS, WIDE};
use crate::states::events::history::{End, Entry};

/// A call belongs to a life of its plugin: it begins after the end of `start`, and is over when
/// `stop` begins, unless it was given up.
pub(super) fn nobody_is_called_before_his_start_or_after_his_stop(case: &Case<'_>) -> Verdict {
    for call in &case.calls {
        let handler = &case.handlers[call.handler];
        let mut history = case.facts.history.iter();
        let own = (handler.plugin, call.life);
        let started = (history.clone()).position(
            |entry| matches!(*entry, Entry::Started { plugin, life } if (plugin, life) == own),
        );
        let stopping = history.position(
            |entry| matches!(*entry, Entry::Stopping { plugin, life } if (plugin, life) == own),
        );
        prop_assert!(
            started.is_some_and(|started| started < call.begun),
            "`{}` was called before its plugin ran: {:?}",
            handler.name,
            call
        );
        prop_assert!(
            stopping.is_none_or(|stopping| call.begun < stopping),
            "`{}` was called after its stop: {:?}",
            handler.name,
            call
        );
        prop_assert!(
            call.how() == End::Cancelled || stopping.is_none_or(|stopping| call.until() < stopping),
            "`stop` did not wait for `{}`: {:?}",
            handler.name,
            call
        );
    }
    ended_subscriptions_are_not_called(case)
}

/// After the end of a subscription made at run time no call begins, but for those that were on
/// their way: one of each publisher, or one of the worker.
fn ended_subscriptions_are_not_called(case: &Case<'_>) -> Verdict {
    for (at, entry) in case.facts.history.iter().enumerate() {
        let &Entry::Unsubscribed { handler } = entry else {
            continue;
        };
        let after = case
            .calls_of(handler)
            .filter(|call| call.begun > at)
            .count();
        let on_their_way = if case.handlers[handler].inline {
            let under_way = (case.publications.iter())
                .filter(|(_, of)| of.begun < at && at < of.until())
                .map(|(tag, _)| tag.lane);
            under_way.collect::<BTreeSet<_>>().len()
        } else {
            1
        };
        prop_assert!(
            after <= on_their_way,
            "#{} was called {} times after its end",
            handler,
            after
        );
    }
    Ok(())
}

/// `concurrency` calls of one handler; one call of all those handlers of a plugin that allow one;
/// no batch above its size.
pub(super) fn no_more_calls_at_once_than_allowed(case: &Case<'_>) -> Verdict {
    for call in &case.calls {
        let handler = &case.handlers[call.handler];
        prop_assert!(
            (1..=handler.batch).contains(&call.tags.len()),
            "a batch of {}: {:?}",
            call.tags.len(),
            call
        );
        if handler.inline {
            continue;
        }
        let open = |other: &&Call| {
            other.life == call.life && other.begun <= call.begun && call.begun < other.until()
        };
        let own = case.calls_of(call.handler).filter(open).count();
        prop_assert!(
            own <= handler.concurrency,
            "{} calls of `{}` at once",
            own,
            handler.name
        );
        let one_by_one = |other: &&Call| {
            let handler = &case.handlers[other.handler];
            !handler.inline && handler.concurrency == 1
        };
        let serial = (case.calls_in(handler.plugin).filter(one_by_one))
            .filter(open)
            .count();
        prop_assert!(
            handler.concurrency > 1 || serial <= 1,
            "{} calls of one worker at once",
            serial
        );
    }
    Ok(())
}

/// When `idle` returns and nobody publishes, nothing is under way, and nothing follows.
pub(super) fn idle_is_idle(case: &Case<'_>) -> Verdict {
    let mut asked = 0;
    let history = &case.facts.history;
    for (at, entry) in history.iter().enumerate() {
        let backlog = match entry {
            Entry::Idle => {
                asked = at;
                continue;
            }
            Entry::WasIdle { backlog } => *backlog,
            _ => continue,
        };
        let publishing = (case.publications.values())
            .any(|of| of.begun < at && asked < of.until() && of.answered.is_some());
        if publishing {
            continue;
        }
        prop_assert_eq!(backlog, 0, "of an idle bus");
        let next = (case.publications.values())
            .map(|of| of.begun)
            .filter(|begun| *begun > at)
            .min();
        // What is stored for a plugin comes when it starts.
        let asked = (history.iter().skip(at))
            .position(|entry| matches!(entry, Entry::Asked { plugin } if *plugin == KEEPER))
            .map(|behind| at + behind);
        for call in &case.calls {
            let handler = case.handlers[call.handler].name;
            prop_assert!(
                call.begun > at || call.until() < at,
                "`{}` was in a call when all was idle: {:?}",
                handler,
                call
            );
            let asked = asked.filter(|_| case.handlers[call.handler].durable);
            let cause = next.into_iter().chain(asked).min();
            prop_assert!(
                call.begun < at || cause.is_some_and(|cause| cause < call.begun),
                "`{}` was called when all was idle: {:?}",
                handler,
                call
            );
        }
    }
    Ok(())
}

/// Events that wait are never more than the mailbox holds: those that were accepted before a place
/// and are handled after it, and those that the status counts, but for the calls under way. (On
/// several threads the first note of a call may come later than its place is free.)
pub(super) fn mailboxes_are_bounded(case: &Case<'_>) -> Verdict {
    let mailboxes = RECEIVERS.into_iter().zip(case.facts.setup.mailboxes);
    for (plugin, capacity) in mailboxes {
        let in_calls = match plugin {
            WIDE | KEEPER => 6,
            PATIENT => 5,
            _ => 1,
        };
        let late = if case.facts.in_step { 0 } else { in_calls };
        for (at, entry) in case.facts.history.iter().enumerate() {
            match *entry {
                Entry::Sampled { plugin: of, queued } if of == plugin => prop_assert!(
                    queued <= capacity + in_calls,
                    "{} events in a mailbox of {}",
                    queued,
                    capacity
                ),
                Entry::Published { .. } => prop_assert!(
                    waiting(case, plugin, at) <= capacity + late,
                    "{} events wait in a mailbox of {}",
                    waiting(case, plugin, at),
                    capacity
                ),
                _ => {}
            }
        }
    }
    Ok(())
}

fn waiting(case: &Case<'_>, plugin: usize, at: usize) -> usize {
    // What is stored waits elsewhere.
    let queued = (case.calls_in(plugin)).filter(|call| {
        let handler = &case.handlers[call.handler];
        !handler.inline && !handler.durable && call.attempt == 1 && call.begun > at
    });
    let accepted = |tag| case.publications[&tag].until() <= at;
    queued
        .flat_map(|call| call.tags.iter().copied())
        .filter(|&tag| accepted(tag))
        .count()
}
