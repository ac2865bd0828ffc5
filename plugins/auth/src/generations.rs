//! The generation of an account, which decides whether a token of the account is valid.
//!
//! It is computed from the hash of the password and from the stamp in the [`Ledger`]: every change
//! of one of them, by any way, makes all tokens invalid. A generation that was read is used for ten
//! seconds, by a clock that can't be set; changes by this process take effect at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_contracts::{Database, UserService};
use plugin_core::Result;
use tokio::time::Instant;

use crate::ledger::{Ledger, Note};
use crate::token::{Signer, generation};

/// How long a generation is used without reading it again. Another process that shares the database
/// may have changed it.
const TRUST: Duration = Duration::from_secs(10);

/// Most accounts that are remembered; for others, the database is read each time.
const MOST: usize = 65_536;

/// Knows the generations of accounts.
#[derive(Debug)]
pub(crate) struct Generations<D, U> {
    pub(crate) ledger: Ledger<D>,
    users: U,
    signer: Signer,
    read: Mutex<Read>,
}

/// A value that was read from the database.
#[derive(Debug, Default)]
struct Read {
    generations: HashMap<String, (Option<String>, Instant)>,
    /// The number of changes: a value that was read before a change is not remembered after it.
    changes: u64,
}

impl<D: Database, U: UserService> Generations<D, U> {
    pub(crate) fn new(ledger: Ledger<D>, users: U, signer: Signer) -> Self {
        Self {
            ledger,
            users,
            signer,
            read: Mutex::default(),
        }
    }

    /// The generation of an account with this hash and this note.
    pub(crate) fn of(&self, user: &str, hash: &str, note: &Note) -> String {
        generation(&self.signer, user, hash, &note.stamp)
    }

    /// Whether it is the present generation of the account; a disabled account has none.
    ///
    /// # Errors
    ///
    /// Returns an error if the database can't be read.
    pub(crate) async fn is_current(&self, user: &str, generation: &str) -> Result<bool> {
        let changes = {
            let read = self.read();
            match read.generations.get(user) {
                Some((current, until)) if Instant::now() < *until => {
                    return Ok(current.as_deref() == Some(generation));
                }
                _ => read.changes,
            }
        };
        let current = self.ask(user).await?;
        let is_current = current.as_deref() == Some(generation);
        self.remember(user, current, changes);
        Ok(is_current)
    }

    async fn ask(&self, user: &str) -> Result<Option<String>> {
        let hash = self.users.password_hash(user).await?;
        let note = self.ledger.find(user).await?;
        let open = hash.filter(|_| note.listed != Some(false));
        Ok(open.map(|hash| self.of(user, &hash, &note)))
    }

    fn remember(&self, user: &str, current: Option<String>, changes: u64) {
        let (mut read, now) = (self.read(), Instant::now());
        if read.changes != changes {
            return;
        }
        if read.generations.len() >= MOST {
            read.generations.retain(|_, (_, until)| now < *until);
        }
        if read.generations.len() < MOST {
            (read.generations).insert(user.to_owned(), (current, now + TRUST));
        }
    }

    /// Makes all tokens of a user invalid.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails.
    pub(crate) async fn end(&self, user: &str) -> Result<()> {
        let mut note = self.ledger.find(user).await?;
        note.end_tokens()?;
        self.ledger.write(user, &note).await?;
        let mut read = self.read();
        read.changes += 1;
        read.generations.remove(user);
        Ok(())
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
