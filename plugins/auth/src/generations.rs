//! Which generation of an account is the one whose tokens are good.
//!
//! It follows from the hash of the password and from the stamp in the [`Ledger`]: whoever changes
//! one of them, by whatever way, ends all tokens. What was read is trusted for ten seconds, by a
//! clock that nobody sets; what this process changes holds at once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_contracts::{Database, UserService};
use plugin_core::Result;
use tokio::time::Instant;

use crate::ledger::{Ledger, Note};
use crate::token::{Signer, generation};

/// How long a generation counts without asking the database again. Another process that shares
/// the database may have ended it.
const TRUST: Duration = Duration::from_secs(10);

/// Accounts that are remembered; the database is asked for others each time.
const MOST: usize = 65_536;

/// Knows the generations of accounts.
#[derive(Debug)]
pub(crate) struct Generations<D, U> {
    pub(crate) ledger: Ledger<D>,
    users: U,
    signer: Signer,
    read: Mutex<Read>,
}

/// What was read of the database.
#[derive(Debug, Default)]
struct Read {
    generations: HashMap<String, (Option<String>, Instant)>,
    /// How often something was changed: what was read before a change is not remembered after it.
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

    /// The generation of an account with that hash and that note.
    pub(crate) fn of(&self, user: &str, hash: &str, note: &Note) -> String {
        generation(&self.signer, user, hash, &note.stamp)
    }

    /// Whether it is the one of that account now; a disabled account has none.
    ///
    /// # Errors
    ///
    /// When the database can't be asked.
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

    /// Ends all tokens of a user.
    ///
    /// # Errors
    ///
    /// When the database refuses.
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
