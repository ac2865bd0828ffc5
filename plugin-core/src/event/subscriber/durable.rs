//! Durable subscriptions in the table, which do not need a running plugin.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::binder::{Binder, Home};
use super::declared::Subscription;
use super::remove;
use crate::context::Identity;
use crate::event::bus::Bus;
use crate::event::durable::Durables;
use crate::event::durable::store::SubscriptionName;
use crate::options::Mode;

/// Only queued handlers can wait for a store.
fn is_durable(subscription: &Subscription) -> bool {
    subscription.options.durable && subscription.mode == Mode::Queued
}

impl Durables {
    /// Puts the durable subscriptions of a plugin into the table, and begins to accept events for
    /// them.
    pub(crate) fn declare(&self, bus: &Bus, owner: &Arc<Identity>, subscriptions: &[Subscription]) {
        for subscription in subscriptions.iter().filter(|one| is_durable(one)) {
            let name = SubscriptionName {
                plugin: Cow::Borrowed(owner.name()),
                handler: Cow::Borrowed(subscription.handler),
                topic: Cow::Borrowed(subscription.source.topic()),
            };
            self.open(name, bus.pending(), |gate, mailbox| {
                let limit = Duration::MAX;
                let home = Home {
                    owner,
                    mailbox,
                    limit,
                };
                let (number, intake) = Binder::intake(bus, home, gate, subscription);
                drop(bus.change(intake));
                number
            });
        }
    }

    /// Removes a plugin's durable subscriptions from the table. No more events are accepted for
    /// them; accepted events are stored, and stored events stay stored. If `limit` completes before
    /// all events are stored, the rest is stored later.
    pub(crate) async fn withdraw(
        &self,
        bus: &Bus,
        owner: &Identity,
        limit: impl Future<Output = ()>,
    ) {
        let numbers = self.numbers(owner.name());
        if numbers.is_empty() {
            return;
        }
        let withdrawn = bus.change(vec![remove(numbers)]);
        let stored = async {
            withdrawn.quiesce().await;
            self.flush(owner.name()).await;
        };
        tokio::select! {
            biased;
            () = stored => {}
            () = limit => {}
        }
        self.forget(owner.name());
    }
}
