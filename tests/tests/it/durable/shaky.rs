//! A store in memory that fails when it is told to.

use std::sync::{Mutex, MutexGuard};

use plugin_core::event::store::{
    Record, Settled, Settlement, Stock, Stored, SubscriptionName, Suspicion, Window,
};
use plugin_core::event::{DeadLetter, DeadLetterId, EventStore};
use plugin_core::prelude::*;
use tokio::sync::watch;

/// What a test tells the store, and asks of it.
#[service]
pub(super) trait Shaking {
    /// What `append` fails with from now on.
    fn fail(&self, with: Option<&'static str>);

    /// What `settle` fails with from now on.
    fn keep(&self, because: Option<&'static str>);

    /// From now on `append` waits for more, until the system is stopping.
    fn wait_for_more(&self);

    /// Data that `pending` gives in the place of what was stored.
    fn garble(&self, data: Option<&'static str>);

    /// Letters of those that are dead.
    fn dead(&self) -> Vec<DeadLetter>;
}

pub(super) struct Shaky(Inner);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    waits: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    fails: Option<&'static str>,
    keeps: Option<&'static str>,
    garbled: Option<&'static str>,
    events: Vec<Stored>,
    last: u64,
    dead: Vec<DeadLetter>,
}

#[plugin(name = "durable-shaky", kind = system, provides(EventStore, Shaking))]
impl Shaky {
    #[init]
    fn init() -> Self {
        Self(Inner::default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

#[service]
impl Shaking for Shaky {
    fn fail(&self, with: Option<&'static str>) {
        self.state().fails = with;
    }

    fn keep(&self, because: Option<&'static str>) {
        self.state().keeps = because;
    }

    fn wait_for_more(&self) {
        self.0.waits.send_replace(true);
    }

    fn garble(&self, data: Option<&'static str>) {
        self.state().garbled = data;
    }

    fn dead(&self) -> Vec<DeadLetter> {
        self.state().dead.clone()
    }
}

/// It serves one subscription.
#[service]
impl EventStore for Shaky {
    async fn append(&self, _: &SubscriptionName, events: &[Record]) -> Result<Vec<u64>> {
        let mut waits = self.0.waits.subscribe();
        drop(waits.wait_for(|waits| !waits).await);
        let mut state = self.state();
        if let Some(text) = state.fails {
            return Err(Error::retriable(text));
        }
        let mut positions = Vec::new();
        for record in events {
            state.last += 1;
            let position = state.last;
            let record = record.clone();
            state.events.push(Stored {
                position,
                record,
                suspicion: Suspicion::None,
            });
            positions.push(position);
        }
        Ok(positions)
    }

    async fn pending(&self, _: &SubscriptionName, window: Window) -> Result<Vec<Stored>> {
        let state = self.state();
        let behind = (state.events.iter()).filter(|stored| stored.position > window.after);
        let garbled = behind.take(window.events).cloned().map(|mut stored| {
            if let Some(data) = state.garbled {
                stored.record.data = data.into();
            }
            stored
        });
        Ok(garbled.collect())
    }

    async fn settle(&self, _: &SubscriptionName, settled: &[Settled]) -> Result<()> {
        let mut state = self.state();
        if let Some(text) = state.keeps {
            return Err(Error::retriable(text));
        }
        for one in settled {
            state
                .events
                .retain(|stored| stored.position != one.position);
            if let Settlement::Dead(letter) = &one.end {
                state.dead.push(DeadLetter::clone(letter));
            }
        }
        Ok(())
    }

    async fn revive(&self, _: &SubscriptionName, _: &DeadLetter) -> Result<()> {
        Err(Error::external("not asked for here"))
    }

    async fn hurry(&self) -> Result<()> {
        self.0.waits.send_replace(false);
        Ok(())
    }

    async fn requested(&self) -> Vec<DeadLetterId> {
        std::future::pending().await
    }

    async fn stock(&self) -> Result<Vec<Stock>> {
        Ok(Vec::new())
    }
}
