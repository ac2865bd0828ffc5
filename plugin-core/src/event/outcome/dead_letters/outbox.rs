//! The changes on their way to the store of a plugin. They are written in groups, so that even a
//! thousand failing events cause only a few commits.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::letter::{DeadLetter, DeadLetterId};

/// Most changes in a group. A caller that finds this many waiting writes them before it continues,
/// which limits the memory that they use.
pub(super) const GROUP: usize = 256;

/// Most letters that wait if their senders can't wait.
const MOST: usize = 16_384;

/// A change for the store.
#[derive(Debug)]
pub(super) enum Change {
    Put(Box<DeadLetter>),
    Remove(DeadLetterId),
}

/// The changes in their order.
#[derive(Default)]
pub(super) struct Outbox(Mutex<VecDeque<Change>>);

/// Changes that are written together: the first ones of the same kind. If they are not
/// [done](Taken::done) when this is dropped, they are put back at the front of the outbox.
pub(super) struct Taken<'a> {
    outbox: &'a Outbox,
    changes: Vec<Change>,
}

impl Outbox {
    /// Adds a change; returns whether there are enough for a group.
    pub(super) fn add(&self, change: Change) -> bool {
        let mut changes = self.changes();
        changes.push_back(change);
        changes.len() >= GROUP
    }

    /// Adds a letter if there is room for it.
    pub(super) fn try_add(&self, letter: Box<DeadLetter>) -> Result<(), Box<DeadLetter>> {
        let mut changes = self.changes();
        if changes.len() >= MOST {
            return Err(letter);
        }
        changes.push_back(Change::Put(letter));
        Ok(())
    }

    /// Takes the first changes of the same kind.
    pub(super) fn take(&self) -> Option<Taken<'_>> {
        let mut changes = self.changes();
        let is_put = changes.front()?.letter().is_some();
        let is_alike = |change: &&Change| change.letter().is_some() == is_put;
        let count = changes.iter().take(GROUP).take_while(is_alike).count();
        Some(Taken {
            changes: changes.drain(..count).collect(),
            outbox: self,
        })
    }

    /// Number of letters in the outbox.
    pub(super) fn letters(&self) -> usize {
        let changes = self.changes();
        changes.iter().filter_map(Change::letter).count()
    }

    fn changes(&self) -> MutexGuard<'_, VecDeque<Change>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Change {
    fn letter(&self) -> Option<&DeadLetter> {
        match self {
            Self::Put(letter) => Some(letter),
            Self::Remove(_) => None,
        }
    }

    fn removed(&self) -> Option<DeadLetterId> {
        match self {
            Self::Remove(id) => Some(*id),
            Self::Put(_) => None,
        }
    }
}

impl Taken<'_> {
    /// Letters to keep.
    pub(super) fn letters(&self) -> Vec<DeadLetter> {
        let letters = self.changes.iter().filter_map(Change::letter);
        letters.cloned().collect()
    }

    /// Ids of letters to remove.
    pub(super) fn removed(&self) -> Vec<DeadLetterId> {
        self.changes.iter().filter_map(Change::removed).collect()
    }

    /// The changes are in the store.
    pub(super) fn done(mut self) {
        self.changes.clear();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut changes = self.outbox.changes();
        for change in self.changes.drain(..).rev() {
            changes.push_front(change);
        }
    }
}
