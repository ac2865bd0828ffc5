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
    /// Only a reload locks it for writing, and no change of a value must be lost meanwhile.
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

    /// A restart keeps the values, each for its remaining time.
    #[snapshot]
    async fn snapshot(&self) -> Vec<Kept> {
        self.store.read().await.values()
    }

    /// The values stay, each for its remaining time, but at most for the time that the new config
    /// allows.
    #[reload]
    async fn reload(&self, Config(config): Config<CacheConfig>) -> Result<()> {
        let mut store = self.store.write().await;
        *store = store.with(&config).await;
        Ok(())
    }
}

#[service]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Value>> {
        Ok(self.store.read().await.get(key).await)
    }

    async fn set(&self, key: &str, value: Value, ttl: Duration) -> Result<()> {
        self.store.read().await.set(key, value, ttl).await;
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<()> {
        self.store.read().await.remove(key).await;
        Ok(())
    }
}
