//! Events that a handler failed with for good: kept, looked at, replayed, dropped.
//!
//! Invariants: a letter is in the store of the plugin that provides one, or in memory, and not lost
//! between the two: it leaves memory when the store has taken it. A letter that is being replayed is
//! neither replayed nor dropped a second time.

mod clerk;
mod failures;
mod letter;
mod memory;
mod replay;
#[expect(
    unsafe_code,
    reason = "linkme puts the description of the service into a link section"
)]
mod store;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::backlog::Backlog;
use crate::error::Result;
use crate::guard;
use crate::lifecycle::EventDeadLettered;
use crate::service::{Provider, ServiceFuture, Services};
use clerk::Errand;
use memory::Memory;

pub(crate) use clerk::Clerk;
pub(crate) use failures::Failures;
pub use letter::{DeadLetter, DeadLetterId, DeadLetterIdError};
pub(super) use replay::interned;
pub(crate) use replay::{Replay, ReplayError};
pub use store::{DeadLetterPage, DeadLetterQuery, DeadLetterStore};

/// How long a plugin's store may take; then the letter stays in memory.
const STORE_TIMEOUT: Duration = Duration::from_secs(5);

/// Errands of the clerk that may wait. What comes when there are so many is kept in memory, and
/// not announced.
const ERRANDS: usize = 1_024;

/// The dead letters of a system, to look at. A clone is a handle of the same.
#[derive(Clone)]
pub struct DeadLetters(Arc<Inner>);

struct Inner {
    memory: Memory,
    provided: Services<dyn DeadLetterStore>,
    errands: mpsc::Sender<Errand>,
    /// Letters that somebody replays or drops.
    claimed: Mutex<HashSet<DeadLetterId>>,
    /// Held while letters move from memory to the store, so that none comes back that was dropped.
    moving: tokio::sync::Mutex<()>,
    backlog: Backlog,
}

impl DeadLetters {
    /// With room for `capacity` letters in memory, and the store that a plugin may come to provide.
    /// The clerk has to be run.
    pub(crate) fn new(capacity: usize, provided: Services<dyn DeadLetterStore>) -> (Self, Clerk) {
        let (errands, inbox) = mpsc::channel(ERRANDS);
        let letters = Self(Arc::new(Inner {
            memory: Memory::new(capacity),
            provided,
            errands,
            claimed: Mutex::default(),
            moving: tokio::sync::Mutex::default(),
            backlog: Backlog::default(),
        }));
        (letters, Clerk::new(inbox))
    }

    /// Some of the letters, oldest first.
    ///
    /// # Errors
    ///
    /// When the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage> {
        match self.store().await {
            None => Ok(self.0.memory.list(&query)),
            Some(store) => ask(&store, |store| store.list(query)).await,
        }
    }

    /// One letter; `None` if there is none of that id.
    ///
    /// # Errors
    ///
    /// When the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn show(&self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        match self.store().await {
            None => Ok(self.0.memory.show(id)),
            Some(store) => ask(&store, |store| store.show(id)).await,
        }
    }

    /// How many letters are kept in memory only: all of them, unless a plugin provides a
    /// [`DeadLetterStore`]. They end with the process.
    #[must_use]
    pub fn in_memory(&self) -> usize {
        self.0.memory.len()
    }

    /// How many letters were dropped because there was no room in memory.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.memory.dropped()
    }

    /// Keeps a letter and announces it. When it returns, the letter is in the store.
    pub(crate) async fn file(&self, letter: DeadLetter) {
        let event = EventDeadLettered::of(&letter);
        self.keep(letter).await;
        self.send(None, event);
    }

    /// Announces a letter that its store has already.
    pub(crate) fn announce(&self, letter: &DeadLetter) {
        self.send(None, EventDeadLettered::of(letter));
    }

    /// Keeps a letter and announces it, where nothing can be waited for.
    pub(crate) fn file_now(&self, letter: DeadLetter) {
        let event = EventDeadLettered::of(&letter);
        self.0.memory.put(letter);
        let hand_over = !self.0.provided.providers().is_empty();
        self.send(hand_over.then_some(()), event);
    }

    /// Forgets a letter; `false` if there is none of that id.
    pub(crate) async fn remove(&self, id: DeadLetterId) -> Result<bool> {
        match self.store().await {
            None => Ok(self.0.memory.remove(id)),
            Some(store) => ask(&store, |store| store.remove(id)).await,
        }
    }

    /// Waits until what was filed before is announced, and handed over to the store.
    pub(crate) async fn flush(&self) {
        clerk::flush(&self.0.errands).await;
    }

    pub(super) fn backlog(&self) -> &Backlog {
        &self.0.backlog
    }

    /// Puts a letter into the store; if there is none, or it fails, into memory.
    async fn keep(&self, letter: DeadLetter) {
        let Some(store) = self.store().await else {
            return self.0.memory.put(letter);
        };
        let kept = letter.clone();
        if let Err(error) = ask(&store, |store| store.put(letter)).await {
            tracing::error!(
                plugin = store.plugin(),
                letter = %kept.id,
                "the store of dead letters failed, the letter stays in memory: {error}"
            );
            self.0.memory.put(kept);
        }
    }

    /// The store of a plugin, if there is one, after it was given what is in memory.
    async fn store(&self) -> Option<Provider<dyn DeadLetterStore>> {
        let store = self.0.provided.providers().into_iter().next()?;
        let _moving = self.0.moving.lock().await;
        while let Some(letter) = self.0.memory.oldest() {
            let id = letter.id;
            if let Err(error) = ask(&store, |store| store.put(letter)).await {
                tracing::warn!(
                    plugin = store.plugin(),
                    waiting = self.in_memory(),
                    "the store of dead letters does not take those that are in memory: {error}"
                );
                break;
            }
            self.0.memory.remove(id);
        }
        Some(store)
    }

    /// Gives the clerk something to do; what it has no room for is left undone, and said.
    fn send(&self, hand_over: Option<()>, announce: Option<EventDeadLettered>) {
        if hand_over.is_none() && announce.is_none() {
            return;
        }
        let errand = Errand::new(hand_over.is_some(), announce, self.0.backlog.begin());
        if let Err(mpsc::error::TrySendError::Full(_)) = self.0.errands.try_send(errand) {
            tracing::warn!("more events fail than can be announced as `event.dead_lettered`");
        }
    }

    fn claimed(&self) -> MutexGuard<'_, HashSet<DeadLetterId>> {
        (self.0.claimed.lock()).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the store of a plugin: guarded, within a time limit.
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
