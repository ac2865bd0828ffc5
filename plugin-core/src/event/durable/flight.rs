//! The events of a subscription between store and settlement, and the limit of their number.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::DurableDelivery;

/// Most events of a subscription between store and settlement. After a crash, that many events may
/// be delivered twice.
pub(super) const WINDOW: usize = 256;

/// The events between store and settlement.
#[derive(Clone)]
pub(super) struct InFlightWindow {
    places: Arc<Semaphore>,
    size: usize,
}

impl InFlightWindow {
    pub(super) fn new(size: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(size)),
            size,
        }
    }

    /// How many events may be in flight.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// How many events are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.size - self.places.available_permits()
    }

    /// Waits for a place. The semaphore is never closed.
    pub(super) async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Waits until nothing is in flight.
    pub(super) async fn clear(&self) {
        let all = u32::try_from(self.size).unwrap_or(u32::MAX);
        drop(self.places.acquire_many(all).await);
    }
}

/// Most events of a subscription that are in flight. Together with the events of the plugin's other
/// handlers they fit into its mailbox, so that a handler whose events wait for a retry or for a
/// target never delays the other handlers.
pub(super) fn window(delivery: &DurableDelivery, handlers: usize) -> usize {
    let handler = &delivery.handler;
    let share = handler.mailbox.capacity() / handlers.max(1);
    (WINDOW.max(2 * handler.core.options.batch)).min(share.max(1))
}
