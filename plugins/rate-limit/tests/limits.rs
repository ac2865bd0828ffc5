//! The plugin in a running system, on a clock that stands still.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;
use std::time::Duration;

use plugin_core::config::Sources;
use plugin_core::event::PublishError;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::{Composition, Plugin};
use plugin_rate_limit::RateLimit;
use serde_json::{Value, json};

async fn start(data_dir: &Path, limits: Value) -> Result<Running, String> {
    let sources = Sources::new()
        .plugin_config("rate-limit-plugin", json!({ "limits": limits }))
        .data_dir(data_dir);
    let set = Composition::assemble(&[RateLimit::DESCRIPTOR]).unwrap();
    let configured = Manager::builder(&set).sources(sources).configure();
    let started = configured.map_err(|error| error.to_string())?.start().await;
    started.map_err(|error| error.to_string())
}

/// What a publishing was told: nothing, or when to come again.
async fn publish(running: &Running, topic: &str, data: Value) -> Option<Duration> {
    let data = data.to_string();
    match running.publishers().publish(topic, data.as_bytes()).await {
        Ok(()) => None,
        Err(PublishError::Refused { error, .. }) if error.kind().is_retriable() => {
            Some(error.retry_after().unwrap())
        }
        Err(error) => panic!("{error}"),
    }
}

/// How many of ten pass.
async fn passed(running: &Running, topic: &str, data: Value) -> usize {
    let mut passed = 0;
    for _ in 0..10 {
        passed += usize::from(publish(running, topic, data.clone()).await.is_none());
    }
    passed
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_then_the_rate_and_other_topics_always() {
    let data_dir = tempfile::tempdir().unwrap();
    let limits = json!([{"topics": "user.login", "rate": 2, "burst": 3}]);
    let running = start(data_dir.path(), limits).await.unwrap();
    assert_eq!(passed(&running, "user.login", json!({})).await, 3);
    let wait = publish(&running, "user.login", json!({})).await;
    assert_eq!(wait, Some(Duration::from_millis(500)));
    assert_eq!(passed(&running, "user.logout", json!({})).await, 10);
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(passed(&running, "user.login", json!({})).await, 1);
    let status = running.status();
    assert_eq!(status.plugins[0].events.errors, 0, "a refusal is no fault");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn each_value_of_a_field_has_a_bucket_and_an_event_without_it_too() {
    let data_dir = tempfile::tempdir().unwrap();
    let limits = json!([{
        "topics": "user.*", "rate": 1, "per": "minute", "burst": 2, "by": "field", "field": "user_id"
    }]);
    let running = start(data_dir.path(), limits).await.unwrap();
    for data in [json!({"user_id": "ann"}), json!({"user_id": 7}), json!({})] {
        assert_eq!(passed(&running, "user.login", data).await, 2);
    }
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_one_limit_refuses_takes_nothing_of_the_others() {
    let data_dir = tempfile::tempdir().unwrap();
    let limits = json!([
        {"topics": "user.*", "rate": 5, "per": "hour"},
        {"topics": "user.login", "rate": 2, "per": "hour"},
    ]);
    let running = start(data_dir.path(), limits).await.unwrap();
    assert_eq!(passed(&running, "user.login", json!({})).await, 2);
    assert_eq!(passed(&running, "user.logout", json!({})).await, 3);
    assert!(running.stop().await.is_clean());
}

#[tokio::test]
async fn mistakes_name_the_limit_and_what_to_write() {
    let data_dir = tempfile::tempdir().unwrap();
    let refused = async |limit: Value| {
        let started = start(data_dir.path(), json!([limit])).await;
        started.map(drop).unwrap_err()
    };
    let without = refused(json!({"topics": "a", "rate": 1, "by": "field"})).await;
    assert!(
        without.contains("the limit of `a` has `by: field` and no `field`"),
        "{without}"
    );
    let stray = refused(json!({"topics": "a", "rate": 1, "field": "x"})).await;
    assert!(stray.contains("write `by: field` too"), "{stray}");
    let pattern = refused(json!({"topics": "a**", "rate": 1})).await;
    assert!(pattern.contains("pattern `a**`"), "{pattern}");
    let zero = refused(json!({"topics": "a", "rate": 0})).await;
    assert!(zero.contains("from 1 to"), "{zero}");
}

#[test]
fn the_default_file_loads_as_it_stands() {
    let file = include_str!("../../../config/plugins/rate-limit-plugin.yaml");
    let file = file.replace("enabled: false", "enabled: true");
    let data_dir = tempfile::tempdir().unwrap();
    let set = Composition::assemble(&[RateLimit::DESCRIPTOR]).unwrap();
    let sources = Sources::new()
        .embedded("test", file)
        .data_dir(data_dir.path());
    let configured = Manager::builder(&set).sources(sources).configure().unwrap();
    assert!(configured.warnings().is_empty());
}
