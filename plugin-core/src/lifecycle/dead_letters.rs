//! The operations of an operator on dead letters. They do not change which instances run, so the
//! supervisor does not take part, and a replay may take as long as its handler.

use std::fmt;
use std::sync::Arc;

use super::kernel::Kernel;
use super::operation::Actor;
use super::state::State;
use crate::audit::Outcome;
use crate::error::{DecodeError, Error};
use crate::event::{DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery, ReplayError};

/// Operations on dead letters. It is cheap to clone. Replays and drops are written to the audit
/// log, even if they are refused.
#[derive(Debug, Clone)]
pub struct DeadLetterOperations {
    kernel: Arc<Kernel>,
    actor: Actor,
}

/// The reason why an operation on a dead letter was not carried out. The letter is unchanged,
/// unless it was delivered and [failed](Self::Failed).
#[derive(Debug)]
#[non_exhaustive]
pub enum DeadLetterError {
    /// There is no letter with this id.
    Unknown(DeadLetterId),
    /// The letter is being replayed or dropped.
    Busy(DeadLetterId),
    /// The plugin of the letter does not run, so it can't be delivered.
    NotRunning {
        /// Name of the plugin.
        plugin: String,
        /// Its state; `None` if the plugin is not under management.
        state: Option<State>,
    },
    /// The plugin has no handler with this name, or the handler's filter does not accept the event.
    NoHandler {
        /// Name of the plugin.
        plugin: String,
        /// Name of the handler.
        handler: String,
        /// Topic of the event.
        topic: String,
    },
    /// Several subscriptions that were made at run time have this name.
    Ambiguous {
        /// Name of the plugin.
        plugin: String,
        /// Topic of the event.
        topic: String,
        /// The number of these subscriptions.
        count: usize,
    },
    /// The data of the letter is not a valid event of the topic's type any more.
    Decode(DecodeError),
    /// The letter was delivered again and failed again.
    Failed {
        /// Name of the plugin.
        plugin: String,
        /// Name of the handler.
        handler: String,
        /// The error of the last call.
        error: Error,
    },
    /// The audit log can't be written, so operators can't change anything. This is the reason.
    NotRecorded(String),
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
            Self::NotRecorded(reason) => write!(
                f,
                "nothing is done, because it could not be recorded in the audit log: {reason}"
            ),
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
            | Self::NotRecorded(_)
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
    /// Returns an error if the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage, DeadLetterError> {
        let page = self.kernel.bus.letters().list(query).await;
        page.map_err(DeadLetterError::Store)
    }

    /// One letter.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no letter with this id, or if the store of a plugin fails.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: it can be dropped at any time.
    pub async fn show(&self, id: DeadLetterId) -> Result<DeadLetter, DeadLetterError> {
        let letter = self.kernel.bus.letters().show(id).await;
        (letter.map_err(DeadLetterError::Store)?).ok_or(DeadLetterError::Unknown(id))
    }

    /// Delivers the event again to the handler that failed, through its mailbox and with all its
    /// retries, and waits for the outcome. If the handler succeeds, the letter is removed; if it
    /// fails, the letter keeps its id and counts one more replay.
    ///
    /// The event of a durable subscription is put back into the store instead, at its old place and
    /// with its old key, whether or not its plugin runs. In this case the outcome is not waited
    /// for.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such letter, if it can't be delivered, or if the handler
    /// fails again.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped while it waits for room, nothing happens. If it is dropped later,
    /// the event is still delivered.
    pub async fn replay(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let replayed = self.deliver(id).await;
        self.audit("dead_letters.replay", id, &replayed);
        replayed
    }

    /// Like [`DeadLetterOperations::replay`], for a caller that tries again later if the letter
    /// can't be delivered now. Such an attempt is not written to the audit log.
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

    /// Removes a letter.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such letter, or if it is being replayed.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped while it waits for the store of a plugin, the letter may or may
    /// not be removed.
    pub async fn drop(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let dropped = self.forget(id).await;
        self.audit("dead_letters.drop", id, &dropped);
        dropped
    }

    async fn check_audit(&self) -> Result<(), DeadLetterError> {
        (self.kernel.check_audit().await).map_err(DeadLetterError::NotRecorded)
    }

    async fn forget(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let letters = self.kernel.bus.letters();
        let _claim = letters.claim(id).ok_or(DeadLetterError::Busy(id))?;
        self.check_audit().await?;
        let removed = letters.remove(id).await.map_err(DeadLetterError::Store)?;
        removed.then_some(()).ok_or(DeadLetterError::Unknown(id))
    }

    async fn deliver(&self, id: DeadLetterId) -> Result<(), DeadLetterError> {
        let bus = &self.kernel.bus;
        let claim = bus.letters().claim(id).ok_or(DeadLetterError::Busy(id))?;
        self.check_audit().await?;
        let letter = self.show(id).await?;
        if let Some(revived) = bus.durables().revive(&letter).await {
            revived.map_err(DeadLetterError::Store)?;
            // The letter may have been in memory. In most cases, the revival has removed it
            // already.
            let removed = bus.letters().remove(id).await;
            return removed.map(drop).map_err(DeadLetterError::Store);
        }
        self.check_running(&letter)?;
        let replayed = bus.replay(claim.replay(letter.clone())).await;
        replayed.map_err(|error| refusal(error, letter))
    }

    /// Checks that the plugin of a letter runs. `host` runs as long as the system does.
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
