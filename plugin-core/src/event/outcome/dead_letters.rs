//! Dead letters: events that a handler has finally failed to handle. They are kept, and can be
//! listed, replayed and dropped.
//!
//! Invariants: a letter is in the store that a plugin provides, on its way there, or in memory, and
//! is not lost between these. Letters are read or changed only after those that are on their way
//! have arrived. A letter that is being replayed can't be replayed or dropped at the same time.

mod announcement;
mod claim;
mod failures;
mod letter;
mod memory;
mod outbox;
#[expect(
    unsafe_code,
    reason = "linkme puts the description of the service into a link section"
)]
mod store;
mod task;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::backlog::Backlog;
use crate::error::Result;
use crate::guard;
use crate::service::{Provider, ServiceFuture, Services};
use memory::Memory;
use outbox::{Change, Outbox, Taken};

pub use announcement::EventDeadLettered;
pub(crate) use claim::Replay;
pub(crate) use failures::Failures;
pub use letter::{DeadLetter, DeadLetterId, DeadLetterIdError};
pub use store::{DeadLetterPage, DeadLetterQuery, DeadLetterStore};
pub(crate) use task::LetterTask;

/// Time limit of a call to a plugin's store; after that, the letter stays in memory.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// Most tasks that can wait for the announcer. Further letters are kept in memory and not
/// announced.
pub(in crate::event) const MOST_TASKS: usize = 1_024;

/// The dead letters of a system, for reading. A clone refers to the same letters.
#[derive(Clone)]
pub struct DeadLetters(Arc<DeadLettersInner>);

struct DeadLettersInner {
    memory: Memory,
    outbox: Outbox,
    provided: Services<dyn DeadLetterStore>,
    tasks: mpsc::Sender<LetterTask>,
    /// Number of letters that could not be announced since this was last logged.
    unannounced: AtomicU64,
    /// Letters that are being replayed or dropped.
    claimed: Mutex<HashSet<DeadLetterId>>,
    /// Held while letters move to the store, so that a letter that was dropped does not appear
    /// again.
    moving: tokio::sync::Mutex<()>,
    backlog: Backlog,
}

impl DeadLetters {
    /// Creates the dead letters with room for `capacity` letters in memory, and with the store that
    /// a plugin may provide later. The caller has to run the announcer.
    pub(crate) fn new(
        capacity: usize,
        provided: Services<dyn DeadLetterStore>,
    ) -> (Self, mpsc::Receiver<LetterTask>) {
        let (tasks, inbox) = mpsc::channel(MOST_TASKS);
        let letters = Self(Arc::new(DeadLettersInner {
            memory: Memory::new(capacity),
            outbox: Outbox::default(),
            provided,
            tasks,
            unannounced: AtomicU64::new(0),
            claimed: Mutex::default(),
            moving: tokio::sync::Mutex::default(),
            backlog: Backlog::default(),
        }));
        (letters, inbox)
    }

    /// Some of the letters, oldest first.
    ///
    /// # Errors
    ///
    /// Returns an error if the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage> {
        match self.store().await {
            None => Ok(self.0.memory.list(&query)),
            Some(store) => ask(&store, |store| store.list(query)).await,
        }
    }

    /// One letter; `None` if there is no letter with this id.
    ///
    /// # Errors
    ///
    /// Returns an error if the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub async fn show(&self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        match self.store().await {
            None => Ok(self.0.memory.show(id)),
            Some(store) => ask(&store, |store| store.show(id)).await,
        }
    }

    /// Number of letters that are only in memory. These are all letters, unless a plugin provides a
    /// [`DeadLetterStore`]; then they are the letters on their way to it. They are lost at the end
    /// of the process.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.0.memory.len() + self.0.outbox.letters()
    }

    /// Number of letters that were dropped because there was no room in memory.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.memory.dropped()
    }

    /// Keeps a letter and announces it. Letters that arrive at the same time are written together;
    /// if a group is full, the caller waits until the group is written.
    pub(crate) async fn file(&self, letter: DeadLetter) {
        let event = EventDeadLettered::of(&letter);
        if self.has_store() {
            self.change(Change::Put(Box::new(letter)), event).await;
        } else {
            self.0.memory.put(letter);
            self.send(None, event);
        }
    }

    /// Removes a letter whose replay succeeded.
    pub(in crate::event) async fn gone(&self, id: DeadLetterId) {
        if self.has_store() {
            self.change(Change::Remove(id), None).await;
        } else {
            self.0.memory.remove(id);
        }
    }

    async fn change(&self, change: Change, announce: Option<EventDeadLettered>) {
        if self.0.outbox.add(change) {
            self.store().await;
        }
        self.send(Some(()), announce);
    }

    fn has_store(&self) -> bool {
        !self.0.provided.providers().is_empty()
    }

    /// Announces a letter that is already in its store.
    pub(crate) fn announce(&self, letter: &DeadLetter) {
        self.send(None, EventDeadLettered::of(letter));
    }

    /// Keeps a letter and announces it, in a place where the code can't wait.
    pub(crate) fn file_now(&self, letter: DeadLetter) {
        let event = EventDeadLettered::of(&letter);
        let hand_over = self.has_store();
        let letter = Box::new(letter);
        let left = match hand_over {
            true => self.0.outbox.try_add(letter).err(),
            false => Some(letter),
        };
        if let Some(letter) = left {
            self.0.memory.put(*letter);
        }
        self.send(hand_over.then_some(()), event);
    }

    /// Removes a letter; `false` if there is no letter with this id.
    pub(crate) async fn remove(&self, id: DeadLetterId) -> Result<bool> {
        match self.store().await {
            None => Ok(self.0.memory.remove(id)),
            Some(store) => ask(&store, |store| store.remove(id)).await,
        }
    }

    /// Waits until all letters that are on their way are in the store.
    pub(crate) async fn hand_over_all(&self) {
        self.store().await;
    }

    /// Waits until all letters that were filed before are announced and passed to the store.
    pub(crate) async fn flush(&self) {
        task::flush(&self.0.tasks).await;
    }

    pub(in crate::event) fn backlog(&self) -> &Backlog {
        &self.0.backlog
    }

    /// The store of a plugin, if there is one, after the letters on their way were passed to it.
    pub(in crate::event) async fn store(&self) -> Option<Provider<dyn DeadLetterStore>> {
        let store = self.0.provided.providers().into_iter().next();
        let _moving = self.0.moving.lock().await;
        let Some(store) = store else {
            while let Some(taken) = self.0.outbox.take() {
                self.keep_in_memory(taken);
            }
            return None;
        };
        self.hand_over_memory(&store).await;
        while let Some(taken) = self.0.outbox.take() {
            self.hand_over(&store, taken).await;
        }
        Some(store)
    }

    /// Keeps letters in memory, because there is no store or the store fails.
    fn keep_in_memory(&self, taken: Taken<'_>) {
        for letter in taken.letters() {
            self.0.memory.put(letter);
        }
        for id in taken.removed() {
            self.0.memory.remove(id);
        }
        taken.done();
    }

    /// Passes letters to the store that it did not accept before, or that were kept before there
    /// was a store.
    async fn hand_over_memory(&self, store: &Provider<dyn DeadLetterStore>) {
        loop {
            let letters = self.0.memory.oldest(outbox::GROUP);
            if letters.is_empty() {
                return;
            }
            let ids: Vec<_> = letters.iter().map(|letter| letter.id).collect();
            if let Err(error) = put_all(store, letters).await {
                tracing::warn!(
                    plugin = store.plugin(),
                    waiting = self.in_memory(),
                    "the store of dead letters does not take those that are in memory: {error}"
                );
                return;
            }
            for id in ids {
                self.0.memory.remove(id);
            }
        }
    }

    async fn hand_over(&self, store: &Provider<dyn DeadLetterStore>, taken: Taken<'_>) {
        let (letters, removed) = (taken.letters(), taken.removed());
        let count = letters.len();
        if count == 0 {
            if let Err(error) = ask(store, |store| store.remove_all(removed)).await {
                tracing::error!(
                    plugin = store.plugin(),
                    "letters that were replayed well can't be removed, and may be replayed again: {error}"
                );
            }
            taken.done();
        } else if let Err(error) = put_all(store, letters).await {
            tracing::error!(
                plugin = store.plugin(),
                letters = count,
                "the store of dead letters failed, letters stay in memory: {error}"
            );
            self.keep_in_memory(taken);
        } else {
            taken.done();
        }
    }

    /// Gives tasks to the announcer. If it has no room, the tasks are dropped and counted.
    fn send(&self, hand_over: Option<()>, announce: Option<EventDeadLettered>) {
        if hand_over.is_none() && announce.is_none() {
            return;
        }
        let task = LetterTask::new(hand_over.is_some(), announce, self.0.backlog.begin());
        if let Err(mpsc::error::TrySendError::Full(_)) = self.0.tasks.try_send(task) {
            self.0.unannounced.fetch_add(1, Relaxed);
        }
    }

    /// Logs how many letters could not be announced.
    pub(in crate::event) fn tell_unannounced(&self) {
        let letters = self.0.unannounced.swap(0, Relaxed);
        if letters > 0 {
            tracing::warn!(
                letters,
                "more events fail than can be announced as `event.dead_lettered`"
            );
        }
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<DeadLetterId>> {
        (self.0.claimed.lock()).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes letters to a store.
async fn put_all(store: &Provider<dyn DeadLetterStore>, letters: Vec<DeadLetter>) -> Result<()> {
    ask(store, |store| store.put_all(letters)).await
}

/// Calls the store of a plugin: guarded, and with a time limit.
async fn ask<'a, T>(
    store: &'a Provider<dyn DeadLetterStore>,
    question: impl FnOnce(&'a dyn DeadLetterStore) -> ServiceFuture<'a, Result<T>>,
) -> Result<T> {
    let current = store.current();
    let answer = guard::call(current, || Ok(question(&**store).boxed()))?;
    guard::run(current, STORE_TIMEOUT, answer).await
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetters")
            .field("in_memory", &self.in_memory())
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
