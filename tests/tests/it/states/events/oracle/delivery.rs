//! Each event comes to each handler that is to have it, once; and publishers are told the truth.

use plugin_core::Overflow;
use proptest::{prop_assert, prop_assert_eq};

use super::Verdict;
use super::case::{Case, Phase, Publication};
use crate::states::events::handlers::{DECLARED, PLUGINS};
use crate::states::events::history::{Answer, End, How, Tag};

/// Whether a handler is to get an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Never,
    Perhaps,
    /// Inline: it is called. Queued: it is called, or the loss is counted.
    Surely,
}

/// What is due to a handler of a publishing. Of a group's members none can be sure.
pub(super) fn due(case: &Case<'_>, of: (Tag, &Publication), at: usize) -> Due {
    match due_to_any(case, of, at) {
        Due::Surely if case.handlers[at].group.is_some() => Due::Perhaps,
        due => due,
    }
}

/// What is due to a handler, or to its group if it is in one.
pub(super) fn due_to_any(case: &Case<'_>, (tag, of): (Tag, &Publication), at: usize) -> Due {
    let handler = &case.handlers[at];
    let phase = case.timelines[at].over(of.begun, of.until());
    if !handler.wants(tag, &of.item) || phase == Phase::Off {
        return Due::Never;
    }
    match of.answer() {
        Answer::TryFull | Answer::LeftOut => Due::Never,
        Answer::NotStored if handler.durable => Due::Perhaps,
        Answer::Missed {
            plugin,
            handler: name,
        } if (*plugin, *name) == (PLUGINS[handler.plugin], handler.name) => Due::Perhaps,
        // Inline handlers come first, and whether to go on is asked once more after them.
        Answer::Stopping if handler.inline => Due::Perhaps,
        Answer::Stopping => Due::Never,
        Answer::Full {
            plugin,
            handler: name,
        } if (*plugin, *name) == (PLUGINS[handler.plugin], handler.name) => {
            // Those that are made at run time have one name.
            let is_declared = at < DECLARED.len();
            if is_declared {
                Due::Never
            } else {
                Due::Perhaps
            }
        }
        // A handler that publishes into the full mailbox of its own plugin is told once for all.
        Answer::Full { .. } if of.by == handler.plugin && !handler.inline => Due::Perhaps,
        Answer::GivenUp => Due::Perhaps,
        // Refused, if the policy is `fail`: that is all that the publisher is told.
        Answer::Outcomes(outcomes)
            if handler.overflow == Overflow::Fail
                && outcomes.contains(&(PLUGINS[handler.plugin], handler.name, false)) =>
        {
            Due::Perhaps
        }
        Answer::Accepted
        | Answer::Full { .. }
        | Answer::Missed { .. }
        | Answer::NotStored
        | Answer::Outcomes(_) => match phase {
            Phase::On => Due::Surely,
            Phase::Perhaps | Phase::Off => Due::Perhaps,
        },
    }
}

/// No event is handled twice, by someone who is not to have it, or before it is published; and
/// what an inline handler is to have it has, before the publisher is answered.
pub(super) fn each_event_comes_once(case: &Case<'_>) -> Verdict {
    for (&tag, of) in &case.publications {
        for (at, handler) in case.handlers.iter().enumerate() {
            let (times, due) = (case.times(tag, at), due(case, (tag, of), at));
            let name = handler.name;
            prop_assert!(
                times <= handler.attempts || handler.durable,
                "`{}` #{} had {:?} {} times",
                name,
                at,
                tag,
                times
            );
            prop_assert!(
                due != Due::Never || times == 0,
                "`{}` #{} had {:?}, which was not for it: {:?}",
                name,
                at,
                tag,
                of
            );
            prop_assert!(
                due != Due::Surely || !handler.inline || times == 1,
                "`{}` #{} never had {:?}: {:?}",
                name,
                at,
                tag,
                of
            );
        }
    }
    for call in &case.calls {
        for tag in &call.tags {
            let of = &case.publications[tag];
            prop_assert!(of.begun < call.begun, "{:?} was handled before it was", tag);
            let inline = case.handlers[call.handler].inline;
            prop_assert!(
                !inline || call.until() < of.until(),
                "the publisher of {:?} did not wait for `{}`",
                tag,
                case.handlers[call.handler].name
            );
        }
    }
    Ok(())
}

/// `Stopping` is said when the publisher stops or every queued subscriber does, and only then;
/// `publish_and_wait` returns what each handler made of the event.
pub(super) fn answers_are_true(case: &Case<'_>) -> Verdict {
    for (&tag, of) in &case.publications {
        let sender = case.plugins[of.by].over(of.begun, of.until());
        let mut queued = (case.handlers.iter().enumerate())
            .filter(|(_, handler)| !handler.inline && handler.wants(tag, &of.item))
            .map(|(at, _)| case.timelines[at].over(of.begun, of.until()));
        let stopping = *of.answer() == Answer::Stopping;
        if sender == Phase::Off {
            let refused = stopping || *of.answer() == Answer::LeftOut;
            prop_assert!(refused, "{:?} of a stopped publisher: {:?}", tag, of);
        }
        if sender == Phase::On && stopping {
            prop_assert!(
                !queued.any(|phase| phase == Phase::On),
                "{:?} was refused, though all run: {:?}",
                tag,
                of
            );
        }
        let closes = |at: usize| case.timelines[at].over(of.begun, of.until()) != Phase::On;
        let durable = |at: &usize| case.handlers[*at].durable;
        prop_assert!(
            *of.answer() != Answer::NotStored || (0..DECLARED.len()).filter(durable).any(closes),
            "{:?} was not stored, though the store runs: {:?}",
            tag,
            of
        );
        if let Answer::Outcomes(outcomes) = of.answer() {
            prop_assert_eq!(of.item.how, How::Wait);
            outcomes_are_true(case, (tag, of), outcomes)?;
        }
    }
    Ok(())
}

fn outcomes_are_true(
    case: &Case<'_>,
    (tag, of): (Tag, &Publication),
    outcomes: &[(&'static str, &'static str, bool)],
) -> Verdict {
    for (at, handler) in DECLARED.iter().enumerate() {
        let name = (PLUGINS[handler.plugin], handler.name);
        let mut told = outcomes
            .iter()
            .filter(|outcome| (outcome.0, outcome.1) == name);
        let (first, second) = (told.next(), told.next());
        prop_assert!(second.is_none(), "{:?} told {:?} twice", tag, name);
        let due = due(case, (tag, of), at);
        prop_assert!(
            due != Due::Surely || first.is_some(),
            "{:?} did not tell what {:?} made of it",
            tag,
            name
        );
        let Some(&(_, _, content)) = first else {
            continue;
        };
        if handler.durable {
            prop_assert!(content || due != Due::Surely, "{:?} is not stored", tag);
            continue;
        }
        let call = case.calls_with(tag, at).last();
        let done = call.map(|call| (call.how() == End::Done, call.until() < of.until()));
        match done {
            Some((done, in_time)) => {
                prop_assert!(in_time, "{:?} did not wait for {:?}", tag, name);
                prop_assert_eq!(content, done, "{:?} of {:?}", name, tag);
            }
            None => {
                let may_miss = handler.drops()
                    || handler.overflow == Overflow::Fail
                    || case.timelines[at].over(of.begun, of.until()) != Phase::On;
                prop_assert!(!content, "{:?} was content with {:?} unseen", name, tag);
                prop_assert!(may_miss, "{:?} never had {:?}", name, tag);
            }
        }
    }
    Ok(())
}
