//! The plugin: the service on the store.

use std::time::Duration;

use plugin_contracts::Cache;
use plugin_core::prelude::*;
use serde_json::Value;

use crate::config::CacheConfig;
use crate::store::Store;

/// Keeps values in memory for a limited time.
#[derive(Debug)]
pub struct MemoryCache {
    store: Store,
}

/// Keeps values in memory for a limited time.
#[plugin(name = "cache-plugin", provides(Cache))]
impl MemoryCache {
    #[init]
    fn init(Config(config): Config<CacheConfig>) -> Result<Self> {
        Ok(Self {
            store: Store::new(&config),
        })
    }
}

#[service]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Option<Value> {
        self.store.get(key).await
    }

    async fn set(&self, key: &str, value: Value, ttl: Duration) {
        self.store.set(key, value, ttl).await;
    }

    async fn remove(&self, key: &str) {
        self.store.remove(key).await;
    }
}
