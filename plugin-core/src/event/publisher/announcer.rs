//! Performs the tasks after a failure: announces new letters, and passes letters in memory to the
//! store.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::Publisher;
use crate::context::Identity;
use crate::event::bus::WeakBus;
use crate::event::outcome::dead_letters::{EventDeadLettered, LetterTask, MOST_TASKS};

/// A task that runs as long as the bus exists.
#[must_use = "without it letters are not announced"]
pub(crate) struct DeadLetterAnnouncer {
    inbox: mpsc::Receiver<LetterTask>,
}

impl DeadLetterAnnouncer {
    pub(crate) fn new(inbox: mpsc::Receiver<LetterTask>) -> Self {
        Self { inbox }
    }

    /// Performs the tasks in order; one transfer to the store can serve many tasks. `speaker` is
    /// the publisher of the announcements. This does not keep the bus alive.
    pub(crate) async fn run(mut self, bus: WeakBus, speaker: Arc<Identity>) {
        let mut tasks = Vec::new();
        while self.inbox.recv_many(&mut tasks, MOST_TASKS).await > 0 {
            let hands_over = |task: &LetterTask| matches!(task, LetterTask::File { hand_over, .. } if *hand_over);
            if tasks.iter().any(hands_over)
                && let Some(bus) = bus.upgrade()
            {
                bus.letters().store().await;
                bus.letters().tell_unannounced();
            }
            for task in tasks.drain(..) {
                match task {
                    LetterTask::File {
                        announce, _pending, ..
                    } => {
                        if let Some(event) = announce {
                            publish(&bus, &speaker, event).await;
                        }
                    }
                    // The waiter may not wait any more.
                    LetterTask::Flush(done) => drop(done.send(())),
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
