//! The connection to the store. It comes and goes with the plugin that provides the store.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use super::Durable;
use super::store::{EventStore, SubscriptionName};
use crate::error::Result;
use crate::guard;
use crate::service::{Provider, Service, ServiceFuture};

/// The state of the store.
#[derive(Clone, Default)]
pub(super) enum StoreState {
    /// Its plugin is not initialized yet.
    #[default]
    Awaited,
    Up(Service<dyn EventStore>),
    /// Its plugin has stopped, and may start again.
    Down,
    /// It will not come back.
    Closed,
}

/// The connection to the store, which all intakes and pumps share.
pub(super) struct StoreConnection(watch::Sender<StoreState>);

impl Default for StoreConnection {
    fn default() -> Self {
        Self(watch::Sender::new(StoreState::default()))
    }
}

impl StoreConnection {
    pub(super) fn set(&self, link: StoreState) {
        self.0.send_replace(link);
    }

    /// Whether its plugin has stopped.
    pub(super) fn is_down(&self) -> bool {
        matches!(&*self.0.borrow(), StoreState::Down)
    }

    /// The store, if it is available.
    pub(super) fn now(&self) -> Option<Service<dyn EventStore>> {
        match &*self.0.borrow() {
            StoreState::Up(store) => Some(store.clone()),
            _ => None,
        }
    }

    pub(super) fn replaced(&self) -> StoreReplaced {
        StoreReplaced(self.0.subscribe())
    }

    pub(super) fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

impl fmt::Debug for StoreConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreConnection")
    }
}

/// Notifies when the store is replaced or gone.
pub(crate) struct StoreReplaced(watch::Receiver<StoreState>);

impl StoreReplaced {
    /// Waits for that.
    pub(crate) async fn wait(&mut self) {
        // An error means that the sender is gone, so that the store will not change any more.
        drop(self.0.changed().await);
    }
}

/// A user of the store.
#[derive(Clone)]
pub(super) struct Listener(watch::Receiver<StoreState>);

impl Listener {
    /// Waits for the store; `None` if it will not come back.
    pub(super) async fn up(&mut self) -> Option<Service<dyn EventStore>> {
        let settled = |link: &StoreState| matches!(link, StoreState::Up(_) | StoreState::Closed);
        match &*self.0.wait_for(settled).await.ok()? {
            StoreState::Up(store) => Some(store.clone()),
            _ => None,
        }
    }

    /// Waits until it is known that the store will not come back.
    pub(super) async fn closed(&mut self) {
        // An error means that the sender is gone, so that the store will not change any more.
        drop(
            self.0
                .wait_for(|link| matches!(link, StoreState::Closed))
                .await,
        );
    }
}

/// Calls the store: guarded, but without a time limit, because it may wait for room.
pub(crate) async fn ask<'a, T>(
    store: &'a Provider<dyn EventStore>,
    question: impl FnOnce(&'a dyn EventStore) -> ServiceFuture<'a, Result<T>>,
) -> Result<T> {
    let current = store.current();
    let answer = guard::call(current, || Ok(question(&**store).boxed()))?;
    guard::unlimited(current, answer).await
}

/// Logs subscriptions that have stored events but do not exist any more. Their events wait until
/// the subscription exists again; they are never given to another one, and never removed without a
/// request.
pub(super) async fn tell_of_strangers(store: Service<dyn EventStore>, all: Vec<Arc<Durable>>) {
    let known: HashSet<&SubscriptionName> = all.iter().map(|durable| &durable.name).collect();
    match ask(&store.provider(), |store| store.stock()).await {
        Ok(stock) => {
            for stock in stock {
                if stock.pending > 0 && !known.contains(&stock.subscription) {
                    tracing::warn!(
                        subscription = %stock.subscription,
                        events = stock.pending,
                        "events are stored for a subscription that no plugin has; they are kept until it is back"
                    );
                }
            }
        }
        Err(error) => tracing::warn!("can't look what is stored: {error}"),
    }
}
