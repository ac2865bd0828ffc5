//! Groups: handlers of which one gets each event.
//!
//! A group is what handlers have in common that name it for the same event or pattern, or the
//! instances of one handler of a plugin with `replicas`. It lives as long as one of its handlers
//! or one of its events does, whatever tables come and go: so a turn, and the member of a key,
//! outlast every change of its members.

mod affinity;
mod balance;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::context::Identity;
use crate::event::payload::Payload;
use crate::key;
use crate::options::{Balance, SubscribeOptions};

pub(crate) use affinity::{AffinityGuard, KeyAffinity, Placement};
pub(in crate::event) use balance::rotated;

/// Tells one group from every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct GroupId {
    /// The group's name, or that of the section of config that replicas share.
    name: &'static str,
    /// The handler whose instances are the members, of replicas.
    handler: Option<&'static str>,
    /// Event or pattern.
    topic: &'static str,
}

/// What the members of a group share.
#[derive(Debug)]
pub(crate) struct Group {
    pub(in crate::event) balance: Balance,
    pub(in crate::event) is_keyed: bool,
    turn: AtomicUsize,
    pub(in crate::event) affinity: Arc<KeyAffinity>,
}

impl Group {
    /// Whose turn it is: the next one's each time.
    pub(in crate::event) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Relaxed)
    }

    /// The first of those who are asked how loaded they are: the one after the last that was
    /// chosen, so that equals are chosen in turn.
    pub(in crate::event) fn first(&self) -> usize {
        self.turn.load(Relaxed)
    }

    /// Notes who was chosen.
    pub(in crate::event) fn chose(&self, at: usize) {
        self.turn.store(at + 1, Relaxed);
    }
}

/// The key of an event, as a number.
pub(crate) type KeyOf = Box<dyn Fn(&dyn Payload) -> u64 + Send + Sync>;

/// A handler's place in its group.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(in crate::event) group: Arc<Group>,
    /// Of the member's name: the same in every life of it.
    pub(in crate::event) seed: u64,
}

/// What a key knows of a member.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MemberId {
    pub(in crate::event) subscription: u64,
    pub(in crate::event) mailbox: usize,
    pub(in crate::event) seed: u64,
}

/// The groups of a bus.
#[derive(Debug, Default)]
pub(crate) struct Groups(Mutex<HashMap<GroupId, Weak<Group>>>);

impl Groups {
    /// The place of a handler in its group; `None` if it is in none.
    pub(in crate::event) fn join(
        &self,
        owner: &Identity,
        (handler, topic): (&'static str, &'static str),
        options: &SubscribeOptions,
    ) -> Option<Membership> {
        let id = GroupId::of(owner, (handler, topic), options.group)?;
        let mut groups = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let group = groups.get(&id).and_then(Weak::upgrade).unwrap_or_else(|| {
            let group = Arc::new(Group {
                balance: options.balance,
                is_keyed: options.keyed,
                turn: AtomicUsize::new(0),
                affinity: Arc::default(),
            });
            groups.retain(|_, group| group.strong_count() > 0);
            groups.insert(id, Arc::downgrade(&group));
            group
        });
        let seed = key::of(owner.name()) ^ key::of(handler).rotate_left(1);
        Some(Membership { group, seed })
    }
}

impl GroupId {
    fn of(
        owner: &Identity,
        (handler, topic): (&'static str, &'static str),
        group: Option<&'static str>,
    ) -> Option<Self> {
        match group {
            Some(name) => Some(Self {
                name,
                handler: None,
                topic,
            }),
            None => owner.shares_events().then_some(Self {
                name: owner.section(),
                handler: Some(handler),
                topic,
            }),
        }
    }
}
