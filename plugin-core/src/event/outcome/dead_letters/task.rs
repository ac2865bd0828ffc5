//! The tasks after a failure for which the failing code can't wait: announcing a letter and passing
//! letters to the store.

use tokio::sync::{mpsc, oneshot};

use super::announcement::EventDeadLettered;
use crate::event::outcome::backlog::Pending;

/// A task of the announcer.
pub(crate) enum LetterTask {
    File {
        /// Whether there are letters in memory for a plugin's store.
        hand_over: bool,
        announce: Option<EventDeadLettered>,
        /// While the task waits, the bus is not idle.
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

/// Waits until the announcer has completed its earlier tasks.
pub(crate) async fn flush(tasks: &mpsc::Sender<LetterTask>) {
    let (done, flushed) = oneshot::channel();
    if tasks.send(LetterTask::Flush(done)).await.is_ok() {
        // Without an announcer there is nothing to wait for.
        drop(flushed.await);
    }
}
