//! Does what failures can't wait for: tells of new letters, and hands those in memory over.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::ERRANDS;
use crate::context::Identity;
use crate::event::backlog::Pending;
use crate::event::bus::WeakBus;
use crate::event::kernel::EventDeadLettered;
use crate::event::publisher::Publisher;

/// Something for the clerk to do.
pub(super) enum Errand {
    File {
        /// Whether there are letters in memory for a plugin's store.
        hand_over: bool,
        announce: Option<EventDeadLettered>,
        /// While it waits the bus is not idle.
        _pending: Pending,
    },
    Flush(oneshot::Sender<()>),
}

impl Errand {
    pub(super) fn new(
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

/// Waits until the clerk has done what it was given before.
pub(super) async fn flush(errands: &mpsc::Sender<Errand>) {
    let (done, flushed) = oneshot::channel();
    if errands.send(Errand::Flush(done)).await.is_ok() {
        // Without a clerk there is nothing to wait for.
        drop(flushed.await);
    }
}

/// A task that lives as long as the bus.
#[must_use = "without it letters are not announced"]
pub(crate) struct Clerk {
    inbox: mpsc::Receiver<Errand>,
}

impl Clerk {
    pub(super) fn new(inbox: mpsc::Receiver<Errand>) -> Self {
        Self { inbox }
    }

    /// Does its errands, in order, and hands over for many at once; `speaker` is who publishes. It
    /// does not keep the bus alive.
    pub(crate) async fn run(mut self, bus: WeakBus, speaker: Arc<Identity>) {
        let mut errands = Vec::new();
        while self.inbox.recv_many(&mut errands, ERRANDS).await > 0 {
            let hands_over =
                |errand: &Errand| matches!(errand, Errand::File { hand_over, .. } if *hand_over);
            if errands.iter().any(hands_over)
                && let Some(bus) = bus.upgrade()
            {
                bus.letters().store().await;
                bus.letters().tell_unannounced();
            }
            for errand in errands.drain(..) {
                match errand {
                    Errand::File {
                        announce, _pending, ..
                    } => {
                        if let Some(event) = announce {
                            publish(&bus, &speaker, event).await;
                        }
                    }
                    // Whoever waits may have gone.
                    Errand::Flush(done) => drop(done.send(())),
                }
            }
        }
    }
}

async fn publish(bus: &WeakBus, speaker: &Arc<Identity>, event: EventDeadLettered) {
    let Some(bus) = bus.upgrade() else { return };
    let publisher = Publisher::<EventDeadLettered>::new(&bus, speaker);
    if let Err(error) = publisher.publish(event).await {
        tracing::debug!("`event.dead_lettered` was not announced everywhere: {error}");
    }
}
