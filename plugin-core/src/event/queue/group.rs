//! Groups of handlers: each event goes to one member.
//!
//! A group consists of the handlers that name it for the same event or pattern, or of the instances
//! of one handler of a plugin with `replicas`. It exists as long as one of its handlers or one of
//! its events exists, even if the table is replaced. Therefore turns, and the member of a key, stay
//! the same when members change.

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

/// Identifies a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct GroupId {
    /// The group's name, or the name of the section of config that the replicas share.
    name: &'static str,
    /// For replicas: the handler whose instances are the members.
    handler: Option<&'static str>,
    /// Event or pattern.
    topic: &'static str,
}

/// The data that the members of a group share.
#[derive(Debug)]
pub(crate) struct Group {
    pub(in crate::event) balance: Balance,
    pub(in crate::event) is_keyed: bool,
    turn: AtomicUsize,
    pub(in crate::event) affinity: Arc<KeyAffinity>,
}

impl Group {
    /// The index of the member whose turn it is; each call returns the next one.
    pub(in crate::event) fn turn(&self) -> usize {
        self.turn.fetch_add(1, Relaxed)
    }

    /// The first member that is asked for its load. It is the one after the last chosen member, so
    /// that members with equal load are chosen in turn.
    pub(in crate::event) fn first(&self) -> usize {
        self.turn.load(Relaxed)
    }

    /// Records which member was chosen.
    pub(in crate::event) fn chose(&self, at: usize) {
        self.turn.store(at + 1, Relaxed);
    }
}

/// The key of an event, as a number.
pub(crate) type KeyOf = Box<dyn Fn(&dyn Payload) -> u64 + Send + Sync>;

/// The membership of a handler in its group.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    pub(in crate::event) group: Arc<Group>,
    /// Computed from the member's name, so it is the same in every life of the member.
    pub(in crate::event) seed: u64,
}

/// The identity of a member, as the key affinity sees it.
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
    /// Joins a handler to its group; `None` if it is in none.
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
