//! What is kept outlives a restart and a reload, each value for as long as it had left.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plugin_cache::MemoryCache;
use plugin_contracts::Cache;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{ChangeAction, Manager};
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use serde_json::{Value, json};
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);

static CACHE: Mutex<Option<Service<dyn Cache>>> = Mutex::new(None);

/// Gives its handle to the test.
struct User;

#[plugin(name = "user-plugin")]
impl User {
    #[init]
    fn init(cache: Service<dyn Cache>) -> Self {
        *CACHE.lock().unwrap_or_else(PoisonError::into_inner) = Some(cache);
        Self
    }
}

#[tokio::test(start_paused = true)]
async fn values_outlive_a_restart_and_a_reload() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cache-plugin.yaml");
    let write = |section: Value| {
        std::fs::write(&file, json!({"cache-plugin": section}).to_string()).unwrap();
    };
    write(json!({}));
    let sources = Sources::new()
        .config_dir(dir.path())
        .data_dir(dir.path().join("data"));
    let set = Composition::assemble(&[MemoryCache::DESCRIPTOR, User::DESCRIPTOR]).unwrap();
    let manager = Manager::builder(&set).sources(sources);
    let running = manager.configure().unwrap().start().await.unwrap();
    let cache = CACHE.lock().unwrap().clone().unwrap();
    cache
        .set("short", json!({"a": 1}), 3 * SECOND)
        .await
        .unwrap();
    cache.set("long", json!([2]), 50 * SECOND).await.unwrap();
    advance(2 * SECOND).await;

    running.handle().restart("cache-plugin").await.unwrap();
    assert_eq!(cache.get("short").await.unwrap(), Some(json!({"a": 1})));
    assert_eq!(cache.get("long").await.unwrap(), Some(json!([2])));
    advance(2 * SECOND).await;
    assert_eq!(cache.get("short").await.unwrap(), None, "its time goes on");

    // A key of the kernel's: `#[reload]` is not for those.
    write(json!({"timeout": "9s", "config": {"max_ttl": "20s"}}));
    let outcome = running.handle().reload().await.unwrap();
    assert_eq!(outcome.changes[0].action, ChangeAction::Restart);
    assert_eq!(cache.get("long").await.unwrap(), Some(json!([2])));
    advance(20 * SECOND).await;
    assert_eq!(
        cache.get("long").await.unwrap(),
        None,
        "as long as is allowed now"
    );

    // After a stop it begins anew.
    cache.set("new", json!(3), 20 * SECOND).await.unwrap();
    running.handle().stop_cascade("cache-plugin").await.unwrap();
    running.handle().start("cache-plugin").await.unwrap();
    assert_eq!(cache.get("new").await.unwrap(), None);
    assert!(running.stop().await.is_clean());
}
