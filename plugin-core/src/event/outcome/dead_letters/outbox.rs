//! What is on its way to the store of a plugin: written in groups, so that a thousand events that
//! fail cost it few commits more than a thousand that don't.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::letter::{DeadLetter, DeadLetterId};

/// Most changes of a group. Whoever finds so many waiting writes them before it goes on, which is
/// what bounds the memory that they take.
pub(super) const GROUP: usize = 256;

/// Most letters that wait where nobody can be made to wait.
const MOST: usize = 16_384;

/// A change that the store is to be told of.
#[derive(Debug)]
pub(super) enum Change {
    Put(Box<DeadLetter>),
    Remove(DeadLetterId),
}

/// Changes in their order.
#[derive(Default)]
pub(super) struct Outbox(Mutex<VecDeque<Change>>);

/// What is written together: the first changes of one kind. Those that are not
/// [done](Taken::done) when it is dropped are the first ones of the outbox again.
pub(super) struct Taken<'a> {
    outbox: &'a Outbox,
    changes: Vec<Change>,
}

impl Outbox {
    /// Adds a change; says whether there are enough for a group.
    pub(super) fn add(&self, change: Change) -> bool {
        let mut changes = self.changes();
        changes.push_back(change);
        changes.len() >= GROUP
    }

    /// Adds a letter if there is room for more.
    pub(super) fn try_add(&self, letter: Box<DeadLetter>) -> Result<(), Box<DeadLetter>> {
        let mut changes = self.changes();
        if changes.len() >= MOST {
            return Err(letter);
        }
        changes.push_back(Change::Put(letter));
        Ok(())
    }

    /// Takes the first ones of one kind out.
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

    /// How many letters are in it.
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
    /// Letters to be kept.
    pub(super) fn letters(&self) -> Vec<DeadLetter> {
        let letters = self.changes.iter().filter_map(Change::letter);
        letters.cloned().collect()
    }

    /// Letters to be removed.
    pub(super) fn removed(&self) -> Vec<DeadLetterId> {
        self.changes.iter().filter_map(Change::removed).collect()
    }

    /// They are where they belong.
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
