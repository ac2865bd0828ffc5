//! A store in memory, which outlives the system that stores there. Each of its answers takes a
//! moment, in which others go on.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use plugin_core::event::store::{
    Record, Settled, Settlement, Stock, Stored, SubscriptionName, Suspicion, Window,
};
use plugin_core::event::{DeadLetter, DeadLetterId, EventStore};
use plugin_core::prelude::*;

use super::Archive;

/// What is stored.
#[derive(Debug, Default)]
pub(in crate::states::events) struct Shelf(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    queues: BTreeMap<SubscriptionName, Vec<Stored>>,
    /// The last position that was given out.
    last: u64,
    dead: Vec<DeadLetter>,
}

impl Shelf {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }

    /// Letters of those that are dead.
    pub(in crate::states::events) fn dead(&self) -> Vec<DeadLetter> {
        self.content().dead.clone()
    }

    /// What is not settled: by which handler, and its data.
    pub(in crate::states::events) fn pending(&self) -> Vec<(String, String)> {
        let content = self.content();
        let of = |(name, queue): (&SubscriptionName, &Vec<Stored>)| -> Vec<_> {
            let data = queue.iter().map(|stored| stored.record.data.to_string());
            data.map(|data| (name.handler.to_string(), data)).collect()
        };
        content.queues.iter().flat_map(of).collect()
    }
}

impl Content {
    fn append(&mut self, name: &SubscriptionName, record: &Record) -> u64 {
        let queue = self.queues.entry(name.clone()).or_default();
        let known = queue.iter().find(|stored| stored.record.key == record.key);
        if let Some(known) = known {
            return known.position;
        }
        self.last += 1;
        let (position, record) = (self.last, record.clone());
        queue.push(Stored {
            position,
            record,
            suspicion: Suspicion::None,
        });
        position
    }

    fn settle(&mut self, name: &SubscriptionName, settled: &Settled) {
        let Some(queue) = self.queues.get_mut(name) else {
            return;
        };
        let before = queue.len();
        queue.retain(|stored| stored.position != settled.position);
        if let Settlement::Dead(letter) = &settled.end
            && queue.len() < before
        {
            self.dead.push(DeadLetter::clone(letter));
        }
    }
}

#[service]
impl EventStore for Archive {
    async fn append(&self, name: &SubscriptionName, events: &[Record]) -> Result<Vec<u64>> {
        tokio::task::yield_now().await;
        let mut content = self.0.shelf.content();
        let positions = events.iter().map(|record| content.append(name, record));
        Ok(positions.collect())
    }

    async fn pending(&self, name: &SubscriptionName, window: Window) -> Result<Vec<Stored>> {
        tokio::task::yield_now().await;
        let content = self.0.shelf.content();
        let queue = content.queues.get(name).into_iter().flatten();
        let behind = queue.filter(|stored| stored.position > window.after);
        Ok(behind.take(window.events).cloned().collect())
    }

    async fn settle(&self, name: &SubscriptionName, settled: &[Settled]) -> Result<()> {
        tokio::task::yield_now().await;
        let mut content = self.0.shelf.content();
        settled.iter().for_each(|one| content.settle(name, one));
        Ok(())
    }

    async fn revive(&self, _: &SubscriptionName, _: &DeadLetter) -> Result<()> {
        Err(Error::external("not asked for here"))
    }

    async fn requested(&self) -> Vec<DeadLetterId> {
        std::future::pending().await
    }

    async fn stock(&self) -> Result<Vec<Stock>> {
        Ok(Vec::new())
    }
}
