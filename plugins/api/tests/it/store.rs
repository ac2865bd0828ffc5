//! A store that takes events, fails, or lets them wait; and a plugin that keeps its events there.

use std::collections::BTreeMap;
use std::sync::Mutex;

use plugin_contracts::OrderCreated;
use plugin_core::event::store::{
    Record, Settled, Stock, Stored, SubscriptionName, Suspicion, Window,
};
use plugin_core::event::{DeadLetter, DeadLetterId, EventStore};
use plugin_core::prelude::*;
use tokio::sync::Semaphore;

/// Stores with these numbers take nothing before they are opened.
pub(crate) static GATES: [Semaphore; 2] = [const { Semaphore::const_new(0) }; 2];

/// What the store does.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Takes,
    Fails,
    Waits,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct VaultConfig {
    mode: Mode,
    gate: usize,
}

pub(crate) struct Vault {
    config: VaultConfig,
    events: Mutex<BTreeMap<u64, Record>>,
}

#[plugin(name = "vault", kind = system, provides(EventStore))]
impl Vault {
    #[init]
    fn init(Config(config): Config<VaultConfig>) -> Self {
        Self {
            config,
            events: Mutex::default(),
        }
    }
}

/// It serves one subscription, and forgets nothing.
#[service]
impl EventStore for Vault {
    async fn append(&self, _: &SubscriptionName, events: &[Record]) -> Result<Vec<u64>> {
        match self.config.mode {
            Mode::Takes => {}
            Mode::Fails => return Err(Error::retriable("the disk is full")),
            Mode::Waits => drop(GATES[self.config.gate].acquire().await?),
        }
        let mut stored = self.events.lock().unwrap();
        let positions = events.iter().map(|event| {
            let known = stored.iter().find(|(_, known)| known.key == event.key);
            known.map(|(position, _)| *position).unwrap_or_else(|| {
                let position = stored.len() as u64 + 1;
                stored.insert(position, event.clone());
                position
            })
        });
        Ok(positions.collect())
    }

    async fn pending(&self, _: &SubscriptionName, window: Window) -> Result<Vec<Stored>> {
        let stored = self.events.lock().unwrap();
        let behind = stored.range(window.after + 1..).take(window.events);
        Ok(behind
            .map(|(position, record)| Stored {
                position: *position,
                record: record.clone(),
                suspicion: Suspicion::None,
            })
            .collect())
    }

    async fn settle(&self, _: &SubscriptionName, _: &[Settled]) -> Result<()> {
        Ok(())
    }

    async fn revive(&self, _: &SubscriptionName, _: &DeadLetter) -> Result<()> {
        Err(Error::external("nothing dies here"))
    }

    async fn requested(&self) -> Vec<DeadLetterId> {
        std::future::pending().await
    }

    async fn stock(&self) -> Result<Vec<Stock>> {
        Ok(Vec::new())
    }
}

/// Keeps orders until they are handled.
pub(crate) struct Mailer;

#[plugin(name = "mailer")]
impl Mailer {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe(durable)]
    async fn mail(&self, _: &OrderCreated) {}
}
