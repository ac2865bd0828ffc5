//! The plugin: a store that is open from `init` to `stop`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plugin_core::event::store::{Record, Settled, Stock, Stored, SubscriptionName, Window};
use plugin_core::event::{
    DeadLetter, DeadLetterId, DeadLetterPage, DeadLetterQuery, DeadLetterStore, EventStore,
};
use plugin_core::prelude::*;
use tokio::sync::oneshot;

use crate::config::QueueConfig;
use crate::database::Location;
use crate::failure::store_error;
use crate::health;
use crate::letters;
use crate::requests::Requests;
use crate::store::{Store, Work};

/// Keeps the events of durable subscriptions in a file.
#[derive(Debug)]
pub struct Queue {
    /// `None` after it has stopped.
    store: Mutex<Option<Arc<Store>>>,
    /// The task that `start` runs.
    work: Mutex<Option<Work>>,
    /// Completes when the writer has ended.
    written: Mutex<Option<oneshot::Receiver<()>>>,
    requests: Requests,
}

/// Keeps the events of durable subscriptions until they are handled.
#[plugin(
    name = "queue-plugin",
    kind = system,
    after("logger-plugin"),
    provides(EventStore, DeadLetterStore)
)]
impl Queue {
    #[init]
    async fn init(Config(config): Config<QueueConfig>, data: DataDir) -> Result<Self> {
        let location = Location::new(config.file(data.path()));
        let (store, work) = Store::open(&location, &config).await?;
        data.keep(&config.path)?;
        tracing::info!(file = %location.path.display(), "the queue is open");
        Ok(Self {
            store: Mutex::new(Some(Arc::new(store))),
            work: Mutex::new(Some(work)),
            written: Mutex::default(),
            requests: Requests::default(),
        })
    }

    #[start]
    async fn start(&self, tasks: Tasks) -> Result<()> {
        let work = lock(&self.work).take();
        let Some(mut work) = work else {
            return Err(Error::bug("started twice"));
        };
        // This happens before any handler has an event.
        work.begin().await;
        let (ended, written) = oneshot::channel::<()>();
        *lock(&self.written) = Some(written);
        tasks.spawn("writer", async move {
            let _ended = ended;
            work.run().await
        })?;
        Ok(())
    }

    /// Everything that was requested before is written; then the file is closed, so that another
    /// process can open it.
    #[stop]
    async fn stop(&self) {
        let store = lock(&self.store).take();
        if let Some(store) = store {
            store.close().await;
        }
        let written = lock(&self.written).take();
        if let Some(written) = written {
            // The writer signals its end by dropping its sender.
            drop(written.await);
        }
    }

    #[health]
    async fn health(&self) -> Health {
        let store = match self.store() {
            Ok(store) => store,
            Err(error) => return Health::Unhealthy(error.to_string()),
        };
        health::of(&store).await
    }

    fn store(&self) -> Result<Arc<Store>> {
        let store = lock(&self.store).clone();
        store.ok_or_else(|| Error::retriable("the queue is closed"))
    }
}

#[service]
impl EventStore for Queue {
    async fn append(&self, subscription: &SubscriptionName, events: &[Record]) -> Result<Vec<u64>> {
        self.store()?.append(subscription, events).await
    }

    async fn pending(
        &self,
        subscription: &SubscriptionName,
        window: Window,
    ) -> Result<Vec<Stored>> {
        self.store()?.pending(subscription, window).await
    }

    async fn settle(&self, subscription: &SubscriptionName, settled: &[Settled]) -> Result<()> {
        self.store()?.settle(subscription, settled).await
    }

    async fn suspect(&self, subscription: &SubscriptionName, positions: &[u64]) -> Result<()> {
        self.store()?.call(subscription, positions, true).await
    }

    async fn clear(&self, subscription: &SubscriptionName, positions: &[u64]) -> Result<()> {
        self.store()?.call(subscription, positions, false).await
    }

    async fn revive(&self, subscription: &SubscriptionName, letter: &DeadLetter) -> Result<()> {
        self.store()?.revive(subscription, letter).await
    }

    async fn answered(&self, letters: &[DeadLetterId]) -> Result<()> {
        self.store()?.answered(letters).await
    }

    async fn waits(&self, subscription: &SubscriptionName, events: u64) -> Result<()> {
        self.store()?.wait(subscription, events).await
    }

    async fn hurry(&self) -> Result<()> {
        self.store()?.hurry().await
    }

    async fn requested(&self) -> Vec<DeadLetterId> {
        loop {
            let requested = match self.store() {
                Ok(store) => self.requests.next(&store).await,
                // This store does not come back; the next call goes to the next one.
                Err(_) => std::future::pending().await,
            };
            match requested {
                Ok(requested) => return requested,
                Err(error) => {
                    tracing::debug!("can't look for requests of replays: {error}");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    async fn stock(&self) -> Result<Vec<Stock>> {
        self.store()?.stock().await
    }
}

#[service]
impl DeadLetterStore for Queue {
    async fn put(&self, letter: DeadLetter) -> Result<()> {
        self.store()?.keep(vec![letter]).await
    }

    async fn put_all(&self, letters: Vec<DeadLetter>) -> Result<()> {
        self.store()?.keep(letters).await
    }

    async fn list(&self, query: DeadLetterQuery) -> Result<DeadLetterPage> {
        let store = self.store()?;
        let page = letters::list(&mut *store.reader().await?, &query).await;
        page.map_err(store_error)
    }

    async fn show(&self, id: DeadLetterId) -> Result<Option<DeadLetter>> {
        let store = self.store()?;
        let letter = letters::show(&mut *store.reader().await?, id).await;
        letter.map_err(store_error)
    }

    async fn remove(&self, id: DeadLetterId) -> Result<bool> {
        Ok(self.store()?.forget(vec![id]).await? > 0)
    }

    async fn remove_all(&self, ids: Vec<DeadLetterId>) -> Result<()> {
        self.store()?.forget(ids).await.map(drop)
    }
}

/// The pause before it looks for requests again after a failure.
const PAUSE: Duration = Duration::from_secs(1);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
