//! The plugin in a running system: what stands in its file afterwards.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;

use plugin_audit::AuditTrail;
use plugin_core::config::Sources;
use plugin_core::event::AnyEvent;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::{Composition, Error, Plugin};
use serde_json::{Value, json};

async fn start(data_dir: &Path, config: Value) -> Running {
    let sources = Sources::new()
        .plugin_config("audit-plugin", config)
        .data_dir(data_dir);
    let set = Composition::assemble(&[AuditTrail::DESCRIPTOR]).unwrap();
    let configured = Manager::builder(&set).sources(sources).configure().unwrap();
    configured.start().await.unwrap()
}

/// The entries of the file, which is whole once the system has stopped.
async fn entries(running: Running, data_dir: &Path) -> Vec<Value> {
    running.idle().await;
    assert!(running.stop().await.is_clean());
    let path = data_dir.join("audit-plugin/events.ndjson");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn publish(running: &Running, topic: &str, data: Value) {
    let data = data.to_string();
    let published = running.publishers().publish(topic, data.as_bytes()).await;
    published.unwrap();
}

#[tokio::test]
async fn publishes_of_the_topics_are_written_and_secrets_are_not() {
    let data_dir = tempfile::tempdir().unwrap();
    let config = json!({"topics": ["user.*"], "data": true, "redact": ["password"]});
    let running = start(data_dir.path(), config).await;
    let data = json!({"user_id": "ann", "password": "open sesame"});
    publish(&running, "user.joined", data).await;
    publish(&running, "order.created", json!({"order": 1})).await;
    let entries = entries(running, data_dir.path()).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    assert_eq!(entry["action"], "publish");
    assert_eq!(entry["topic"], "user.joined");
    assert_eq!(entry["source"], "host");
    assert_eq!(entry["data"], json!({"user_id": "ann", "password": "***"}));
    assert_eq!(entry["trace_id"].as_str().unwrap().len(), 32);
    assert!(entry["unix_nano"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn failed_deliveries_are_written_with_their_error() {
    let data_dir = tempfile::tempdir().unwrap();
    let config = json!({"topics": ["order.**"], "publishes": false});
    let running = start(data_dir.path(), config).await;
    let subscriber = running.subscriber();
    let picky = |event: &AnyEvent<'_>| match event.field("bad") {
        Some(_) => Err(Error::external("bad order")),
        None => Ok(()),
    };
    let _subscription = subscriber.subscribe_with_filter("order.*", picky, |_| true);
    publish(&running, "order.created", json!({"bad": true})).await;
    publish(&running, "order.created", json!({})).await;
    let entries = entries(running, data_dir.path()).await;
    assert_eq!(entries.len(), 1, "{entries:?}");
    let entry = &entries[0];
    assert_eq!(
        (&entry["action"], &entry["kind"]),
        (&json!("fail"), &json!("external"))
    );
    assert_eq!(
        (&entry["plugin"], &entry["error"]),
        (&json!("host"), &json!("bad order"))
    );
    assert_eq!(entry["attempt"], 1);
    assert!(entry.get("data").is_none());
}

#[test]
fn the_default_file_loads_as_it_stands() {
    let file = include_str!("../../../config/plugins/audit-plugin.yaml");
    let file = file.replace("enabled: false", "enabled: true");
    let data_dir = tempfile::tempdir().unwrap();
    let set = Composition::assemble(&[AuditTrail::DESCRIPTOR]).unwrap();
    let sources = Sources::new()
        .embedded("test", file)
        .data_dir(data_dir.path());
    let configured = Manager::builder(&set).sources(sources).configure().unwrap();
    assert!(configured.warnings().is_empty());
}
