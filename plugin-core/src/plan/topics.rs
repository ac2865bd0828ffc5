//! Checks that each topic has only one event type.

use super::arena::Arena;
use super::issue::{Issues, PlanIssue};
use super::set::Set;
use super::table::SlotTable;
use crate::event::{EventDescriptor, Source};
use crate::init::Need;

/// Number of words for this many mentions of events.
pub(super) const fn len(mentions: usize) -> usize {
    2 * SlotTable::len(mentions)
}

/// Reports topics that several types declare, among the events that plugins mention.
pub(super) const fn check(
    set: Set<'_>,
    mentions: usize,
    (arena, issues): (&mut Arena<'_>, &mut Issues<'_>),
) {
    let mut topics = TopicOwners {
        owners: SlotTable::new(arena, mentions),
        seen: SlotTable::new(arena, mentions),
    };
    let mut rank = 0;
    while rank < set.len() {
        let mut at = 0;
        while let Some((event, next)) = mention(set, rank, at) {
            topics.add(set, (event, rank, next - 1), issues);
            at = next;
        }
        rank += 1;
    }
}

struct TopicOwners<'s> {
    /// By topic: the plugin that mentions its last type.
    owners: SlotTable<'s>,
    /// By topic and type: only whether it was seen.
    seen: SlotTable<'s>,
}

impl TopicOwners<'_> {
    const fn add(
        &mut self,
        set: Set<'_>,
        (event, rank, at): (&'static EventDescriptor, usize, usize),
        issues: &mut Issues<'_>,
    ) {
        let pair = event.key.rotate_left(17) ^ event.type_key;
        if self.seen.put(pair, 0).is_some() {
            return;
        }
        let mentioned = (rank as u64) << 32 | at as u64;
        let Some(other) = self.owners.put(event.key, mentioned) else {
            return;
        };
        let (rank, at) = ((other >> 32) as usize, other as u32 as usize);
        if let Some((other, _)) = mention(set, rank, at) {
            issues.push(PlanIssue::DuplicateTopic {
                topic: event.topic,
                types: [other.type_name, event.type_name],
            });
        }
    }
}

/// The first event that the plugin mentions at or after a place, and the next place. The places are
/// its needs, followed by its subscriptions and the requests that it answers.
const fn mention(
    set: Set<'_>,
    rank: usize,
    mut at: usize,
) -> Option<(&'static EventDescriptor, usize)> {
    let plugin = set.at(rank);
    let needs = plugin.needs.len();
    while at < needs {
        if let Need::Publish(event) | Need::Request { request: event, .. } = &plugin.needs[at] {
            return Some((event, at + 1));
        }
        at += 1;
    }
    let handlers = needs + plugin.subscriptions.len();
    while at < handlers {
        if let Source::Event(event) = &plugin.subscriptions[at - needs].source {
            return Some((event, at + 1));
        }
        at += 1;
    }
    if at < handlers + plugin.responds.len() {
        return Some((plugin.responds[at - handlers].request, at + 1));
    }
    None
}
