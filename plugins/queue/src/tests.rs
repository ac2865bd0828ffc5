//! The store, as the kernel and an operator meet it.

mod damage;
mod disk;
mod full;
mod group;
mod hurry;
mod letters;
mod suspects;
mod upgrade;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use plugin_core::event::IdempotencyKey;
use plugin_core::event::store::{
    Record, Settled, Settlement, Stored, SubscriptionName, Ticket, Window,
};
use plugin_core::{Error, Result};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::config::QueueConfig;
use crate::database::Location;
use crate::store::Store;

/// A store in a directory of its own, with its writer.
struct Open {
    store: Arc<Store>,
    writer: JoinHandle<Result<()>>,
}

impl Open {
    async fn at(location: &Location, config: &QueueConfig) -> Result<Self> {
        let (store, mut work) = Store::open(location, config).await?;
        work.begin().await;
        #[expect(clippy::disallowed_methods, reason = "a test has no scope of tasks")]
        let writer = tokio::spawn(work.run());
        let store = Arc::new(store);
        Ok(Self { store, writer })
    }

    async fn new(directory: &TempDir, config: &QueueConfig) -> Self {
        Self::at(&location(directory), config).await.unwrap()
    }

    async fn append(&self, events: &[Record]) -> Result<Vec<u64>> {
        self.store.append(&name("a"), events).await
    }

    async fn pending(&self) -> Vec<Stored> {
        self.store.pending(&name("a"), all()).await.unwrap()
    }

    async fn handled(&self, positions: impl IntoIterator<Item = u64>) -> Result<()> {
        let settled: Vec<_> = (positions.into_iter())
            .map(|position| Settled {
                position,
                end: Settlement::Handled,
            })
            .collect();
        self.store.settle(&name("a"), &settled).await
    }

    async fn close(self) {
        self.store.close().await;
        self.writer.await.unwrap().unwrap();
    }
}

fn location(directory: &TempDir) -> Location {
    Location::new(directory.path().join("queue.db"))
}

/// Why it can't be opened; the file is as it was.
async fn refusal(location: &Location) -> Error {
    let before = std::fs::read(&location.path).ok();
    let error = Store::open(location, &QueueConfig::default())
        .await
        .unwrap_err();
    assert_eq!(std::fs::read(&location.path).ok(), before, "it was changed");
    assert!(
        error
            .to_string()
            .contains(&*location.path.to_string_lossy()),
        "{error}"
    );
    error
}

fn name(handler: &'static str) -> SubscriptionName {
    SubscriptionName {
        plugin: "test-plugin".into(),
        handler: handler.into(),
        topic: "test.event".into(),
    }
}

/// An event with so much data.
fn event(number: u128, bytes: usize) -> Record {
    Record {
        key: IdempotencyKey::from_u128((1 << 64) | number).unwrap(),
        source: "host".into(),
        published: SystemTime::now(),
        parent: None,
        data: "x".repeat(bytes).into(),
        ticket: Ticket::default(),
    }
}

fn events(numbers: impl IntoIterator<Item = u128>) -> Vec<Record> {
    numbers
        .into_iter()
        .map(|number| event(number, 10))
        .collect()
}

const fn all() -> Window {
    Window {
        after: 0,
        events: 1_000_000,
        bytes: 1 << 30,
    }
}

fn positions(stored: &[Stored]) -> Vec<u64> {
    stored.iter().map(|stored| stored.position).collect()
}

/// The bytes of a file, changed.
fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}
