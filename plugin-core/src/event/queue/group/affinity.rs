//! Decides which member gets the unfinished events of a key.
//!
//! Invariants:
//!
//! 1. All unfinished events of a key are at one member. An event of a key is admitted only at the
//!    member that has the key's unfinished events, or at any member if there are none. Both are
//!    checked and recorded under one lock.
//! 2. An event is recorded before it is put into a mailbox, and until it is handled or given up:
//!    its job holds the [`AffinityGuard`], and whatever ends the job drops the guard.
//!
//! Therefore, an event that goes to another member than the previous event is accepted there only
//! after the previous one is handled or given up, whichever members joined and left meanwhile. The
//! choice of the member plays no part in this argument. Within a member, mailbox and worker keep
//! the order.
//!
//! 3. An event that can't be admitted waits in a line, and no event passes the line, except one
//!    that a handler of the same member publishes, because it would wait for itself. So a line moves
//!    on as soon as the member has finished its events of the key.
//! 4. There is an entry for a key while it has unfinished events or a line. So there are never more
//!    entries than the mailboxes have room for, plus the waiting publishers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, SemaphorePermit};

use super::MemberId;
use super::balance::rendezvous;

/// The keys of one group that have unfinished events.
#[derive(Debug, Default)]
pub(crate) struct KeyAffinity(Mutex<HashMap<u64, Pinned>>);

#[derive(Debug, Default)]
struct Pinned {
    /// The member that has the unfinished events.
    id: MemberId,
    unfinished: usize,
    /// Number of publishers in the line.
    waiting: usize,
    line: Option<Arc<KeyLine>>,
}

/// The line of publishers that wait until a key may change its member.
#[derive(Debug)]
struct KeyLine {
    /// Its only permit belongs to the first in the line, and is passed on in order.
    first: Semaphore,
    /// Notified when there are no unfinished events any more.
    drained: Notify,
}

/// The result of an attempt to admit an event.
#[derive(Debug)]
pub(crate) enum Placement {
    /// Admitted and recorded at the member with this index.
    In(usize, AffinityGuard),
    /// The key's unfinished events are at another member, or other publishers are first.
    Busy,
    /// The same as `Busy`, but the publisher is the handler that it would wait for.
    Own,
}

/// One unfinished event of a key.
#[derive(Debug)]
pub(crate) struct AffinityGuard {
    affinity: Arc<KeyAffinity>,
    key: u64,
}

/// A place in the line of a key.
#[derive(Debug)]
pub(crate) struct KeyTurn {
    affinity: Arc<KeyAffinity>,
    key: u64,
    line: Arc<KeyLine>,
}

impl KeyAffinity {
    /// Admits an event of a key at one of the members, if it does not have to wait. `own` is the
    /// mailbox of the publishing handler, if there is one.
    pub(crate) fn enter(
        self: &Arc<Self>,
        key: u64,
        ids: &[MemberId],
        own: Option<usize>,
    ) -> Placement {
        self.admit(key, ids, (own, false))
    }

    fn admit(
        self: &Arc<Self>,
        key: u64,
        ids: &[MemberId],
        (own, is_first): (Option<usize>, bool),
    ) -> Placement {
        let mut keys = self.lock();
        let pinned = keys.get(&key);
        let unfinished = pinned.filter(|pinned| pinned.unfinished > 0);
        let is_own = unfinished.is_some_and(|pinned| own == Some(pinned.id.mailbox));
        let passes = is_first || is_own || pinned.is_none_or(|pinned| pinned.waiting == 0);
        let id = match unfinished {
            Some(pinned) => ids.iter().position(|id| *id == pinned.id),
            None => rendezvous(key, ids),
        };
        match id.filter(|_| passes) {
            Some(at) => {
                let pinned = keys.entry(key).or_default();
                pinned.id = ids[at];
                pinned.unfinished += 1;
                Placement::In(at, self.pin(key))
            }
            None if is_own => Placement::Own,
            None => Placement::Busy,
        }
    }

    fn pin(self: &Arc<Self>, key: u64) -> AffinityGuard {
        AffinityGuard {
            affinity: Arc::clone(self),
            key,
        }
    }

    /// Joins the line of a key.
    pub(crate) fn line(self: &Arc<Self>, key: u64) -> KeyTurn {
        let mut keys = self.lock();
        let pinned = keys.entry(key).or_default();
        pinned.waiting += 1;
        let line = pinned.line.get_or_insert_with(KeyLine::new);
        KeyTurn {
            affinity: Arc::clone(self),
            key,
            line: Arc::clone(line),
        }
    }

    /// Number of keys that have unfinished events or a line.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().len()
    }

    fn change(&self, key: u64, change: impl FnOnce(&mut Pinned)) {
        let mut keys = self.lock();
        let Some(pinned) = keys.get_mut(&key) else {
            return;
        };
        change(pinned);
        if pinned.unfinished > 0 {
            return;
        }
        if pinned.waiting == 0 {
            keys.remove(&key);
        } else if let Some(line) = &pinned.line {
            line.drained.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Pinned>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyLine {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            first: Semaphore::new(1),
            drained: Notify::new(),
        })
    }
}

impl KeyTurn {
    /// Waits until all earlier publishers in the line were admitted or gave up.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future leaves the line.
    pub(crate) async fn first(&self) -> First<'_> {
        let turn = self.line.first.acquire().await;
        First {
            waiting: self,
            _turn: turn.expect("nobody closes a line"),
        }
    }
}

/// The first place in the line of a key.
pub(crate) struct First<'a> {
    waiting: &'a KeyTurn,
    _turn: SemaphorePermit<'a>,
}

impl First<'_> {
    /// Like [`KeyAffinity::enter`], without waiting behind the line.
    pub(crate) fn enter(&self, ids: &[MemberId], own: Option<usize>) -> Placement {
        let KeyTurn { affinity, key, .. } = self.waiting;
        affinity.admit(*key, ids, (own, true))
    }

    /// Waits until another attempt may succeed.
    pub(crate) async fn drained(&self) {
        self.waiting.line.drained.notified().await;
    }
}

impl Drop for AffinityGuard {
    fn drop(&mut self) {
        self.affinity
            .change(self.key, |pinned| pinned.unfinished -= 1);
    }
}

impl Drop for KeyTurn {
    fn drop(&mut self) {
        self.affinity.change(self.key, |pinned| pinned.waiting -= 1);
    }
}

#[cfg(test)]
mod tests;
