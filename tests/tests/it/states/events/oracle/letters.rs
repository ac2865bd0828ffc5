//! What the dead letters hold, against what failed for good.

use plugin_core::Overflow;
use plugin_core::event::DeadLetter;
use proptest::{prop_assert, prop_assert_eq};

use super::Verdict;
use super::case::{Case, Publication};
use super::delivery::{Due, due};
use crate::states::events::handlers::{DECLARED, Handler, PLUGINS};
use crate::states::events::history::{End, Tag};

/// A dead letter, as far as the oracle can say what it is to be.
#[derive(Debug)]
pub(in crate::states::events) struct Letter {
    plugin: String,
    handler: String,
    tag: Tag,
    pub(super) attempts: usize,
}

impl Letter {
    pub(in crate::states::events) fn read(letter: &DeadLetter) -> Self {
        let tag = letter.data["tag"].clone();
        Self {
            plugin: letter.plugin.clone(),
            handler: letter.handler.clone(),
            tag: serde_json::from_value(tag).expect("each event has one"),
            attempts: letter.attempts as usize,
        }
    }

    fn is_of(&self, tag: Tag, handler: &Handler) -> bool {
        (self.tag, &*self.plugin, &*self.handler) == (tag, PLUGINS[handler.plugin], handler.name)
    }
}

/// An event that a handler failed with for good, or that a stop left to it, is in the dead letters
/// once, with the number of its calls that failed; one that was handled is not.
pub(super) fn what_fails_for_good_is_one_letter(case: &Case<'_>) -> Verdict {
    for (plugin, counts) in case.facts.counts.into_iter().enumerate() {
        let of = |letter: &&Letter| letter.plugin == PLUGINS[plugin];
        let kept = case.facts.letters.iter().filter(of).count();
        prop_assert_eq!(counts.dead_lettered, kept as u64, "{}", PLUGINS[plugin]);
    }
    for (&tag, of) in &case.publications {
        for (at, handler) in DECLARED.iter().enumerate() {
            let letters = letters(case, tag, handler);
            if handler.durable {
                continue;
            }
            let (least, most) = expected(case, (tag, of), at);
            prop_assert!(
                (least..=most).contains(&letters.len()),
                "`{}` has {:?} of {:?}, not {} to {}",
                handler.name,
                letters,
                tag,
                least,
                most
            );
            let calls = case.times(tag, at);
            // A call that a stop cut off is none that failed; one that ran out of time is.
            let cut = case.calls_with(tag, at).last();
            let cut = usize::from(cut.is_some_and(|call| call.how() == End::Cancelled));
            prop_assert!(
                (letters.iter()).all(|letter| (calls - cut..=calls).contains(&letter.attempts)),
                "`{}` was called {} times: {:?}",
                handler.name,
                calls,
                letters
            );
        }
    }
    Ok(())
}

/// The letters of a handler about an event.
pub(super) fn letters<'a>(case: &'a Case<'_>, tag: Tag, handler: &Handler) -> Vec<&'a Letter> {
    let letters = case.facts.letters.iter();
    letters
        .filter(|letter| letter.is_of(tag, handler))
        .collect()
}

/// How many letters there are to be of an event.
fn expected(case: &Case<'_>, (tag, of): (Tag, &Publication), at: usize) -> (usize, usize) {
    let handler = &DECLARED[at];
    if let Some(call) = case.calls_with(tag, at).last() {
        let failed = usize::from(call.how() != End::Done);
        return (failed, failed);
    }
    // Nobody came to it: a stop left it, or a policy dropped it.
    let policy = handler.drops() || handler.overflow == Overflow::Fail;
    match due(case, (tag, of), at) {
        _ if handler.inline => (0, 0),
        Due::Never => (0, 0),
        Due::Surely if !policy => (1, 1),
        Due::Surely | Due::Perhaps => (0, 1),
    }
}
