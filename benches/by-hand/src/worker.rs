//! The mailbox of the service and the task that empties it: one event after the other, each with a
//! time limit, each on a task of its own so that a panic is that event's alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{Error, Result};
use crate::service::Service;
use crate::{Event, Hello};

pub use tokio::sync::mpsc::error::TrySendError as TryPublishError;

/// Events that wait at most.
const MAILBOX: usize = 1024;

/// The service while it runs.
#[derive(Debug)]
pub struct Handle {
    mailbox: mpsc::Sender<Event>,
    worker: JoinHandle<()>,
    counts: Arc<Counts>,
}

/// What the service did with events.
#[derive(Debug, Default)]
pub struct Counts {
    received: AtomicU64,
    errors: AtomicU64,
}

impl Counts {
    /// Events that it took.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// Events that it failed with.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }
}

impl Handle {
    /// Starts the service.
    #[expect(
        clippy::disallowed_methods,
        reason = "without the kernel there is no scope of tasks"
    )]
    pub(crate) fn start(service: Hello, limit: Duration) -> Self {
        let (mailbox, mut events) = mpsc::channel(MAILBOX);
        let (service, counts) = (Arc::new(service), Arc::new(Counts::default()));
        let counted = Arc::clone(&counts);
        let worker = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                counted.received.fetch_add(1, Relaxed);
                if let Err(error) = guarded(&service, event, limit).await {
                    counted.errors.fetch_add(1, Relaxed);
                    tracing::error!(service = Hello::INFO.name, "a handler failed: {error}");
                }
            }
        });
        Self {
            mailbox,
            worker,
            counts,
        }
    }

    /// Hands an event over, if there is room.
    ///
    /// # Errors
    ///
    /// With the event, when the mailbox is full or the service has stopped.
    pub fn try_publish(&self, event: Event) -> std::result::Result<(), TryPublishError<Event>> {
        self.mailbox.try_send(event)
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Handles what was accepted, and ends.
    ///
    /// # Errors
    ///
    /// When that takes longer than `limit`.
    ///
    /// # Cancel safety
    ///
    /// When it is dropped, the service ends by itself with its last event.
    pub async fn stop(self, limit: Duration) -> Result<Arc<Counts>> {
        drop(self.mailbox);
        match tokio::time::timeout(limit, self.worker).await {
            Ok(_ended) => Ok(self.counts),
            Err(_late) => Err(Error::Timeout(limit)),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "without the kernel a task is what guards against a panic"
)]
async fn guarded(service: &Arc<Hello>, event: Event, limit: Duration) -> Result<()> {
    let service = Arc::clone(service);
    let call = tokio::spawn(async move {
        match tokio::time::timeout(limit, service.handle(event)).await {
            Ok(outcome) => outcome,
            Err(_late) => Err(Error::Timeout(limit)),
        }
    });
    call.await.unwrap_or(Err(Error::Panic))
}
