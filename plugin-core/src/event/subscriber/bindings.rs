//! The pending changes of the table for one instance.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::event::durable::DurableDelivery;
use crate::event::outcome::breaker::CircuitBreaker;
use crate::event::routing::table::TableEdit;

/// The changes that turn the methods of one subscription into handlers.
#[derive(Default)]
pub(super) struct Bound {
    pub(super) changes: Vec<TableEdit>,
    pub(super) breakers: Vec<Arc<CircuitBreaker>>,
    pub(super) quotas: Vec<Arc<Semaphore>>,
}

/// The changes that turn the methods of one instance into handlers, by subscription.
#[derive(Default)]
pub(crate) struct Bindings {
    subscriptions: Vec<(u64, Vec<TableEdit>)>,
    deliveries: Vec<DurableDelivery>,
    breakers: Vec<Arc<CircuitBreaker>>,
    quotas: Vec<Arc<Semaphore>>,
}

impl Bindings {
    pub(super) fn add(&mut self, subscription: u64, bound: Bound) {
        self.subscriptions.push((subscription, bound.changes));
        self.breakers.extend(bound.breakers);
        self.quotas.extend(bound.quotas);
    }

    /// Adds the delivery of a durable handler.
    pub(in crate::event) fn deliver(&mut self, delivery: Option<DurableDelivery>) {
        self.deliveries.extend(delivery);
    }

    /// Takes the deliveries of the durable handlers.
    pub(crate) fn take_deliveries(&mut self) -> Vec<DurableDelivery> {
        std::mem::take(&mut self.deliveries)
    }

    /// Takes the breakers of all handlers.
    pub(crate) fn take_breakers(&mut self) -> Vec<Arc<CircuitBreaker>> {
        std::mem::take(&mut self.breakers)
    }

    /// Takes the quotas of all handlers.
    pub(crate) fn take_quotas(&mut self) -> Vec<Arc<Semaphore>> {
        std::mem::take(&mut self.quotas)
    }

    /// Removes a subscription before it has begun.
    pub(in crate::event) fn remove(&mut self, subscription: u64) -> Option<Vec<TableEdit>> {
        let at = self
            .subscriptions
            .iter()
            .position(|(other, _)| *other == subscription)?;
        Some(self.subscriptions.remove(at).1)
    }

    pub(in crate::event) fn append(&mut self, mut later: Self) {
        self.subscriptions.append(&mut later.subscriptions);
    }

    /// The subscriptions, and all changes in order.
    pub(in crate::event) fn split(self) -> (Vec<u64>, Vec<TableEdit>) {
        let (subscriptions, changes): (Vec<_>, Vec<_>) = self.subscriptions.into_iter().unzip();
        (subscriptions, changes.into_iter().flatten().collect())
    }
}
