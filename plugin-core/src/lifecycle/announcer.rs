//! Publishes the manager's own events on a task of its own, so that a subscriber whose mailbox is
//! full never delays the manager.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::boxed::BoxFuture;
use crate::context::Identity;
use crate::event::{Bus, Event, Publisher};

type Announcement = Box<dyn FnOnce(Bus, Arc<Identity>) -> BoxFuture<'static, ()> + Send>;

/// Queues events of the kernel, which are published in order.
#[derive(Debug, Clone)]
pub(super) struct Announcer {
    queue: mpsc::UnboundedSender<Announcement>,
    /// Number of announcements that wait.
    waiting: Arc<AtomicUsize>,
}

/// Limit of the queue: above it, announcements are dropped if plugins can cause any number of them.
const MOST: usize = 1024;

impl Announcer {
    pub(super) fn spawn(bus: Bus, kernel: Arc<Identity>) -> (Self, JoinHandle<()>) {
        let (sender, mut queue) = mpsc::unbounded_channel::<Announcement>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&waiting);
        let task = crate::spawn::spawn(async move {
            while let Some(announce) = queue.recv().await {
                announce(bus.clone(), Arc::clone(&kernel)).await;
                counted.fetch_sub(1, Relaxed);
            }
        });
        let announcer = Self {
            queue: sender,
            waiting,
        };
        (announcer, task)
    }

    pub(super) fn announce<E: Event>(&self, event: E) {
        self.send(Box::new(move |bus, kernel| {
            Box::pin(async move {
                if let Err(error) = Publisher::<E>::new(&bus, &kernel).publish(event).await {
                    tracing::warn!(
                        topic = E::DESCRIPTOR.topic,
                        "not announced everywhere: {error}"
                    );
                }
            })
        }));
    }

    /// Announces an event that plugins can cause at any rate. If the queue is full because a
    /// subscriber does not make room, the event is dropped.
    pub(super) fn announce_or_drop<E: Event>(&self, event: E) {
        if self.waiting.load(Relaxed) < MOST {
            self.announce(event);
        } else {
            tracing::warn!(
                topic = E::DESCRIPTOR.topic,
                "not announced: a subscriber of the kernel's events makes no room"
            );
        }
    }

    /// Waits until everything that was announced before this call is published.
    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel::<()>();
        self.send(Box::new(move |_, _| {
            drop(done);
            Box::pin(std::future::ready(()))
        }));
        // The sender is dropped, not used: in both cases the queue has reached this point.
        drop(flushed.await);
    }

    fn send(&self, announcement: Announcement) {
        self.waiting.fetch_add(1, Relaxed);
        // The task lives as long as there is a sender, unless the runtime has ended.
        drop(self.queue.send(announcement));
    }
}
