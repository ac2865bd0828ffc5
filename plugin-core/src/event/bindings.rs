//! What is to be done to the table for one instance, until it is done.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::breaker::Breaker;
use super::durable::Delivery;
use super::table::Change;

/// The changes that make the methods of one instance handlers, by subscription.
#[derive(Default)]
pub(crate) struct Bindings {
    subscriptions: Vec<(u64, Vec<Change>)>,
    deliveries: Vec<Delivery>,
    breakers: Vec<Arc<Breaker>>,
    quotas: Vec<Arc<Semaphore>>,
}

impl Bindings {
    pub(super) fn add(&mut self, subscription: u64, changes: Vec<Change>) {
        self.subscriptions.push((subscription, changes));
    }

    /// Adds how a durable one is delivered to.
    pub(super) fn deliver(&mut self, delivery: Option<Delivery>) {
        self.deliveries.extend(delivery);
    }

    /// Takes out how the durable ones are delivered to.
    pub(crate) fn take_deliveries(&mut self) -> Vec<Delivery> {
        std::mem::take(&mut self.deliveries)
    }

    /// Adds the breakers of handlers.
    pub(super) fn guard(&mut self, breakers: Vec<Arc<Breaker>>) {
        self.breakers.extend(breakers);
    }

    /// Takes the breakers of all handlers out.
    pub(crate) fn take_breakers(&mut self) -> Vec<Arc<Breaker>> {
        std::mem::take(&mut self.breakers)
    }

    /// Adds the quota of a handler, if it has one.
    pub(super) fn limit(&mut self, quota: Option<Arc<Semaphore>>) {
        self.quotas.extend(quota);
    }

    /// Takes the quotas of all handlers out.
    pub(crate) fn take_quotas(&mut self) -> Vec<Arc<Semaphore>> {
        std::mem::take(&mut self.quotas)
    }

    /// Takes a subscription out before it began.
    pub(super) fn remove(&mut self, subscription: u64) -> Option<Vec<Change>> {
        let at = self
            .subscriptions
            .iter()
            .position(|(other, _)| *other == subscription)?;
        Some(self.subscriptions.remove(at).1)
    }

    pub(super) fn append(&mut self, mut later: Self) {
        self.subscriptions.append(&mut later.subscriptions);
    }

    /// The subscriptions, and all the changes in order.
    pub(super) fn split(self) -> (Vec<u64>, Vec<Change>) {
        let (subscriptions, changes): (Vec<_>, Vec<_>) = self.subscriptions.into_iter().unzip();
        (subscriptions, changes.into_iter().flatten().collect())
    }
}
