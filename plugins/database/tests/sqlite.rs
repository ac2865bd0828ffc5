//! The plugin on SQLite, through a manager.

#[path = "support/journey.rs"]
mod journey;

use plugin_core::lifecycle::Health;
use serde_json::json;

use journey::{journey, start, tables};

#[tokio::test(flavor = "multi_thread")]
async fn rows_travel_through_sqlite() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    journey(&json!({"tables": tables()}), directory.path()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_no_config() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let running = start(&json!({}), directory.path())
        .await
        .expect("it starts");
    let status = running.status();
    assert!(status.ready, "{status:?}");
    assert_eq!(status.plugins[0].version, "2.1.0");
    assert_eq!(status.plugins[0].health, Health::Healthy);
    assert!(running.stop().await.is_clean());
}
