//! Where a publisher that waits for what becomes of its event is told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::outcome::HandlerOutcome;

/// Where the outcome of a job goes.
pub(super) enum Acknowledge {
    Own(oneshot::Sender<HandlerOutcome>),
    Shared(Awaiting),
}

/// A publisher that waits, or waited, for what becomes of an event.
#[derive(Clone)]
pub(super) struct Awaiting(Arc<Mutex<Option<oneshot::Sender<HandlerOutcome>>>>);

impl Acknowledge {
    pub(super) fn share(&mut self) -> Option<Awaiting> {
        if let Self::Own(sender) = self {
            let (nobody, _) = oneshot::channel();
            let sender = std::mem::replace(sender, nobody);
            *self = Self::Shared(Awaiting(Arc::new(Mutex::new(Some(sender)))));
        }
        match self {
            Self::Shared(awaiting) => Some(awaiting.clone()),
            Self::Own(_) => None,
        }
    }

    /// Tells the publisher, who may have stopped waiting.
    pub(super) fn send(self, outcome: HandlerOutcome) {
        let sender = match self {
            Self::Own(sender) => Some(sender),
            Self::Shared(awaiting) => awaiting.sender().take(),
        };
        drop(sender.map(|sender| sender.send(outcome)));
    }
}

impl Awaiting {
    /// Whether the publisher has stopped waiting before it was told.
    pub(super) fn is_gone(&self) -> bool {
        self.sender()
            .as_ref()
            .is_some_and(oneshot::Sender::is_closed)
    }

    fn sender(&self) -> MutexGuard<'_, Option<oneshot::Sender<HandlerOutcome>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
