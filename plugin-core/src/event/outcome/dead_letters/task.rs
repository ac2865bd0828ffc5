//! What failures can't wait for: that a letter is announced, and handed over.

use tokio::sync::{mpsc, oneshot};

use super::announcement::EventDeadLettered;
use crate::event::outcome::backlog::Pending;

/// Something for the announcer to do.
pub(crate) enum LetterTask {
    File {
        /// Whether there are letters in memory for a plugin's store.
        hand_over: bool,
        announce: Option<EventDeadLettered>,
        /// While it waits the bus is not idle.
        _pending: Pending,
    },
    Flush(oneshot::Sender<()>),
}

impl LetterTask {
    pub(crate) fn new(
        hand_over: bool,
        announce: Option<EventDeadLettered>,
        pending: Pending,
    ) -> Self {
        Self::File {
            hand_over,
            announce,
            _pending: pending,
        }
    }
}

/// Waits until the announcer has done what it was given before.
pub(crate) async fn flush(tasks: &mpsc::Sender<LetterTask>) {
    let (done, flushed) = oneshot::channel();
    if tasks.send(LetterTask::Flush(done)).await.is_ok() {
        // Without an announcer there is nothing to wait for.
        drop(flushed.await);
    }
}
