//! The plugin: the service on the store.

use std::time::Duration;

use plugin_contracts::Cache;
use plugin_core::prelude::*;
use serde_json::Value;
use tokio::sync::RwLock;

use crate::config::CacheConfig;
use crate::store::{Kept, Store};

/// Keeps values in memory for a limited time.
#[derive(Debug)]
pub struct MemoryCache {
    /// Written to only by a reload, which no change of a value may miss.
    store: RwLock<Store>,
}

/// Keeps values in memory for a limited time.
#[plugin(name = "cache-plugin", provides(Cache))]
impl MemoryCache {
    #[init]
    async fn init(
        Config(config): Config<CacheConfig>,
        before: Option<Snapshot<Vec<Kept>>>,
    ) -> Result<Self> {
        let store = Store::new(&config);
        if let Some(Snapshot(values)) = before {
            store.put_back(values).await;
        }
        Ok(Self {
            store: RwLock::new(store),
        })
    }

    /// A restart keeps the values, each for as long as it has left.
    #[snapshot]
    async fn snapshot(&self) -> Vec<Kept> {
        self.store.read().await.values()
    }

    /// The values stay, each for as long as it has left, or as long as it may by the new config.
    #[reload]
    async fn reload(&self, Config(config): Config<CacheConfig>) -> Result<()> {
        let mut store = self.store.write().await;
        *store = store.with(&config).await;
        Ok(())
    }
}

#[service]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Option<Value> {
        self.store.read().await.get(key).await
    }

    async fn set(&self, key: &str, value: Value, ttl: Duration) {
        self.store.read().await.set(key, value, ttl).await;
    }

    async fn remove(&self, key: &str) {
        self.store.read().await.remove(key).await;
    }
}
