//! Values that expire.
//!
//! moka frees the memory of expired values. Whether a value has expired is decided here, by tokio's
//! clock, so that a test that pauses time also controls the expiry.

use std::time::Duration;

use moka::Expiry;
use moka::policy::EvictionPolicy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::config::CacheConfig;

/// The values.
#[derive(Debug)]
pub(crate) struct Store {
    entries: moka::future::Cache<String, Entry>,
    max_ttl: Duration,
}

#[derive(Debug, Clone)]
struct Entry {
    value: Value,
    ttl: Duration,
    until: Instant,
}

/// A value that is moved between two stores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Kept {
    key: String,
    value: Value,
    left: Duration,
}

/// Tells moka how long each entry is needed.
struct ByEntry;

impl Expiry<String, Entry> for ByEntry {
    fn expire_after_create(
        &self,
        _: &String,
        entry: &Entry,
        _: std::time::Instant,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: std::time::Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl Store {
    pub(crate) fn new(config: &CacheConfig) -> Self {
        // The default policy may refuse a new value in favour of old ones, but a plugin that sets a
        // value expects to find it.
        let entries = moka::future::Cache::builder()
            .max_capacity(config.max_entries)
            .eviction_policy(EvictionPolicy::lru())
            .expire_after(ByEntry)
            .build();
        Self {
            entries,
            max_ttl: config.max_ttl.get(),
        }
    }

    /// The same values under another config: each for its remaining time, at most for the time that
    /// is allowed now. If there are too many, any of them may be removed.
    pub(crate) async fn with(&self, config: &CacheConfig) -> Self {
        let store = Self::new(config);
        store.put_back(self.values()).await;
        store
    }

    /// All values, with their remaining times.
    pub(crate) fn values(&self) -> Vec<Kept> {
        let now = Instant::now();
        let kept = self.entries.iter().map(|(key, entry)| Kept {
            key: key.to_string(),
            value: entry.value,
            left: entry.until.saturating_duration_since(now),
        });
        kept.collect()
    }

    /// Adds values from another store.
    pub(crate) async fn put_back(&self, values: Vec<Kept>) {
        for Kept { key, value, left } in values {
            self.set(&key, value, left).await;
        }
    }

    /// The value of a key, unless it was removed or has expired.
    pub(crate) async fn get(&self, key: &str) -> Option<Value> {
        let entry = self.entries.get(key).await?;
        (Instant::now() < entry.until).then_some(entry.value)
    }

    /// Stores a value for a time; if the time is zero, removes the key.
    pub(crate) async fn set(&self, key: &str, value: Value, ttl: Duration) {
        let ttl = ttl.min(self.max_ttl);
        if ttl.is_zero() {
            return self.remove(key).await;
        }
        let until = Instant::now() + ttl;
        self.entries
            .insert(key.to_owned(), Entry { value, ttl, until })
            .await;
    }

    /// Removes a key.
    pub(crate) async fn remove(&self, key: &str) {
        self.entries.invalidate(key).await;
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::config::Period;
    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn store(max_entries: u64) -> Store {
        Store::new(&CacheConfig {
            max_entries,
            max_ttl: Period::seconds(60),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_lives_as_long_as_it_was_given() {
        let store = store(10);
        store.set("a", json!(1), 5 * SECOND).await;
        advance(4 * SECOND).await;
        assert_eq!(store.get("a").await, Some(json!(1)));
        advance(SECOND).await;
        assert_eq!(store.get("a").await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn values_outlive_a_change_of_config() {
        let before = store(10);
        before.set("short", json!(1), 2 * SECOND).await;
        before.set("long", json!(2), 50 * SECOND).await;
        before.set("gone", json!(3), SECOND).await;
        advance(SECOND).await;
        let after = before
            .with(&CacheConfig {
                max_entries: 5,
                max_ttl: Period::seconds(10),
            })
            .await;
        for (key, value) in [
            ("short", Some(json!(1))),
            ("long", Some(json!(2))),
            ("gone", None),
        ] {
            assert_eq!(after.get(key).await, value, "{key}");
        }
        advance(SECOND).await;
        assert_eq!(after.get("short").await, None, "its time goes on");
        advance(9 * SECOND).await;
        assert_eq!(
            after.get("long").await,
            None,
            "no longer than is allowed now"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn each_value_has_its_own_end() {
        let store = store(10);
        store.set("short", json!(1), SECOND).await;
        store.set("long", json!(2), 10 * SECOND).await;
        advance(2 * SECOND).await;
        assert_eq!(store.get("short").await, None);
        assert_eq!(store.get("long").await, Some(json!(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn setting_anew_begins_the_time_anew() {
        let store = store(10);
        store.set("a", json!(1), 2 * SECOND).await;
        advance(SECOND).await;
        store.set("a", json!(2), 2 * SECOND).await;
        advance(SECOND).await;
        assert_eq!(store.get("a").await, Some(json!(2)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_value_outlives_the_bound() {
        let store = store(10);
        store.set("a", json!(1), 1000 * SECOND).await;
        advance(60 * SECOND).await;
        assert_eq!(store.get("a").await, None);
    }

    #[tokio::test]
    async fn no_time_at_all_forgets_the_key() {
        let store = store(10);
        store.set("a", json!(1), SECOND).await;
        store.set("a", json!(2), Duration::ZERO).await;
        assert_eq!(store.get("a").await, None);
        store.set("b", json!(1), SECOND).await;
        store.remove("b").await;
        assert_eq!(store.get("b").await, None);
    }

    #[tokio::test]
    async fn a_full_cache_gives_up_what_was_not_used() {
        let store = store(3);
        for key in ["a", "b", "c"] {
            store.set(key, json!(key), SECOND).await;
            store.entries.run_pending_tasks().await;
        }
        assert!(store.get("a").await.is_some());
        store.entries.run_pending_tasks().await;
        store.set("d", json!("d"), SECOND).await;
        store.entries.run_pending_tasks().await;
        assert_eq!(store.get("b").await, None);
        assert!(store.get("a").await.is_some() && store.get("d").await.is_some());
    }
}
