//! What an operator does with dead letters. It changes nothing of what runs, so the supervisor has
//! no part in it: a replay may take as long as its handler does.

use std::fmt;
use std::sync::Arc;

use super::kernel::Kernel;
use super::operation::Actor;
use super::state::State;
use crate::audit::Outcome;
use crate::error::{DecodeError, Error};
use crate::event::{DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery, ReplayError};

/// Operations on dead letters; cheap to clone. Replays and drops stand in the audit log, also when
/// they were refused.
#[derive(Debug, Clone)]
pub struct DeadLetterOperations {
    kernel: Arc<Kernel>,
    actor: Actor,
}

/// Why an operation on a dead letter was not carried out. The letter is as it was, unless it was
/// delivered and [failed](Self::Failed).
#[derive(Debug)]
#[non_exhaustive]
pub enum DeadLetterError {
    /// There is no letter of that id.
    Unknown(DeadLetterId),
    /// It is being replayed or dropped.
    Busy(DeadLetterId),
    /// Its plugin does not run, so nobody can take it.
    NotRunning {
        /// Name of the plugin.
        plugin: String,
        /// Its state; `None` if it is not under management.
        state: Option<State>,
    },
    /// The plugin has no handler of that name, or its filter does not let the event through.
    NoHandler {
        /// Name of the plugin.
        plugin: String,
        /// Name of the handler.
        handler: String,
        /// Topic of the event.
        topic: String,
    },
    /// Several subscriptions made at run time answer to that name.
    Ambiguous {
        /// Name of the plugin.
        plugin: String,
        /// Topic of the event.
        topic: String,
        /// How many there are.
        count: usize,
    },
    /// Its data is no event of the topic's type any more.
    Decode(DecodeError),
    /// It was delivered again and failed again.
    Failed {
        /// Name of the plugin.
        plugin: String,
        /// Name of the handler.
        handler: String,
        /// What the last call said.
        error: Error,
    },
    /// The store failed.
    Store(Error),
    /// The system is stopping or has stopped.
    Stopping,
}

impl fmt::Display for DeadLetterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => write!(f, "there is no dead letter `{id}`"),
            Self::Busy(id) => write!(f, "dead letter `{id}` is being replayed or dropped"),
            Self::NotRunning { plugin, state } => match state {
                Some(state) => write!(f, "`{plugin}` is {state}: start it first"),
                None => write!(f, "no plugin `{plugin}` is under management"),
            },
            Self::NoHandler {
                plugin,
                handler,
                topic,
            } => write!(
                f,
                "`{plugin}` has no handler `{handler}` that takes this `{topic}`"
            ),
            Self::Ambiguous {
                plugin,
                topic,
                count,
            } => write!(
                f,
                "`{plugin}` has {count} run-time subscriptions that take this `{topic}`, and nothing tells which one failed"
            ),
            Self::Decode(error) => error.fmt(f),
            Self::Failed {
                plugin,
                handler,
                error,
            } => write!(f, "`{handler}` of `{plugin}` failed again: {error}"),
            Self::Store(error) => write!(f, "the store of dead letters failed: {error}"),
            Self::Stopping => f.write_str("the system is stopping"),
        }
    }
}

impl std::error::Error for DeadLetterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Failed { error, .. } | Self::Store(error) => Some(error.as_dyn()),
            Self::Decode(error) => Some(error),
            Self::Unknown(_)
            | Self::Busy(_)
            | Self::NotRunning { .. }
            | Self::NoHandler { .. }
            | Self::Ambiguous { .. }
            | Self::Stopping => None,
        }
    }
}

impl DeadLetterOperations {
    pub(super) fn new(kernel: Arc<Kernel>, actor: Actor) -> Self {
        Self { kernel, actor }
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
    pub async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage, DeadLetterError> {
        let page = self.kernel.bus.letters().list(query).await;
        page.map_err(DeadLetterError::Store)
    }

    /// One letter.
    ///
    /// # Errors
    ///
    /// When there is none of that id, or the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped at any time.
    pub async fn show(&self, id: DeadLetterId) -> Result<DeadLetter, DeadLetterError> {
        let letter = self.kernel.bus.letters().show(id).await;
        (letter.map_err(DeadLetterError::Store)?).ok_or(DeadLetterError::Unknown(id))
    }

    /// Delivers the event again to the handler that failed, through its mailbox, with all its
    /// retries, and waits for the end. When that is good, the letter is gone; when not, it is there
    /// again under the same id, with one more replay.
    ///
    /// The event of a durable subscription goes back into the store instead, at its old place and
    /// with its old key, whether or not its plugin runs; nothing more is waited for.
    ///
    /// # Errors
    ///
    /// When there is no such letter, nobody can take it, or the handler fails again.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits for room, it has done nothing; after that, the event is delivered all
    /// the same.
    pub async fn replay(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let replayed = self.deliver(id).await;
        self.audit("dead_letters.replay", id, &replayed);
        replayed
    }

    /// As [`DeadLetterOperations::replay`], for one who asks again later where nobody can take it now:
    /// that alone is no deed for the audit log.
    pub(super) async fn replay_requested(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let replayed = self.deliver(id).await;
        let is_over = !matches!(
            replayed,
            Err(DeadLetterError::NotRunning { .. } | DeadLetterError::Busy(_))
        );
        if is_over {
            self.audit("dead_letters.replay", id, &replayed);
        }
        replayed
    }

    /// Forgets a letter.
    ///
    /// # Errors
    ///
    /// When there is no such letter, or it is being replayed.
    ///
    /// # Cancel safety
    ///
    /// Dropped while a plugin's store is asked, the letter may be gone or not.
    pub async fn drop(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let dropped = self.forget(id).await;
        self.audit("dead_letters.drop", id, &dropped);
        dropped
    }

    async fn forget(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let letters = self.kernel.bus.letters();
        let _claim = letters.claim(id).ok_or(DeadLetterError::Busy(id))?;
        let removed = letters.remove(id).await.map_err(DeadLetterError::Store)?;
        removed.then_some(()).ok_or(DeadLetterError::Unknown(id))
    }

    async fn deliver(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let bus = &self.kernel.bus;
        let claim = bus.letters().claim(id).ok_or(DeadLetterError::Busy(id))?;
        let letter = self.show(id).await?;
        if let Some(revived) = bus.durables().revive(&letter).await {
            revived.map_err(DeadLetterError::Store)?;
            // It may have been in memory; mostly it is gone with the revival.
            let removed = bus.letters().remove(id).await;
            return removed.map(drop).map_err(DeadLetterError::Store);
        }
        self.check_running(&letter)?;
        let replayed = bus.replay(claim.replay(letter.clone())).await;
        replayed.map_err(|error| refusal(error, letter))
    }

    /// The plugin of a letter runs; `host` does as long as the system does.
    fn check_running(&self, letter: &DeadLetter) -> Result<(), DeadLetterError> {
        let kernel = &self.kernel;
        if kernel.stopping.is_cancelled() {
            return Err(DeadLetterError::Stopping);
        }
        if letter.plugin == kernel.host.name() {
            return Ok(());
        }
        let state = kernel.state_of(&letter.plugin);
        if state == Some(State::Running) {
            return Ok(());
        }
        Err(DeadLetterError::NotRunning {
            plugin: letter.plugin.clone(),
            state,
        })
    }

    fn audit(&self, action: &'static str, id: DeadLetterId, outcome: &Result<(), DeadLetterError>) {
        let (said, detail) = match outcome {
            Ok(()) => (Outcome::Done, id.to_string()),
            Err(error @ DeadLetterError::Failed { .. }) => {
                (Outcome::Failed, format!("{id}: {error}"))
            }
            Err(error) => (Outcome::Denied, format!("{id}: {error}")),
        };
        self.kernel
            .audit
            .record(self.actor.entry(action, said).detail(detail));
    }
}

fn refusal(error: ReplayError, letter: DeadLetter) -> DeadLetterError {
    let DeadLetter {
        plugin,
        handler,
        topic,
        ..
    } = letter;
    match error {
        ReplayError::Decode(error) => DeadLetterError::Decode(error),
        ReplayError::Handlers(0) => DeadLetterError::NoHandler {
            plugin,
            handler,
            topic,
        },
        ReplayError::Handlers(count) => DeadLetterError::Ambiguous {
            plugin,
            topic,
            count,
        },
        ReplayError::Stopping => DeadLetterError::Stopping,
        ReplayError::Failed(error) => DeadLetterError::Failed {
            plugin,
            handler,
            error,
        },
    }
}
