//! The plugin in a running system: what stands in its file afterwards.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;

use plugin_core::config::Sources;
use plugin_core::event::AnyEvent;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::trace::{self, TraceContext};
use plugin_core::{Composition, Error, Plugin};
use plugin_tracing::Spans;
use serde_json::{Value, json};

async fn start(data_dir: &Path, config: Value) -> Running {
    let sources = Sources::new()
        .plugin_config("tracing-plugin", config)
        .data_dir(data_dir);
    let set = Composition::assemble(&[Spans::DESCRIPTOR]).unwrap();
    let configured = Manager::builder(&set).sources(sources).configure().unwrap();
    configured.start().await.unwrap()
}

async fn spans(running: Running, data_dir: &Path) -> Vec<Value> {
    running.idle().await;
    assert!(running.stop().await.is_clean());
    let path = data_dir.join("tracing-plugin/spans.ndjson");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn a_publishing_and_its_deliveries_are_one_tree() {
    let data_dir = tempfile::tempdir().unwrap();
    let running = start(data_dir.path(), json!({"topics": ["order.*"]})).await;
    let subscriber = running.subscriber();
    let fails = |_: &AnyEvent<'_>| Err::<(), _>(Error::external("bad order"));
    let _inline = subscriber.subscribe_with_filter("order.*", fails, |_| true);
    let _queued = subscriber.subscribe_any_async("order.*", |_| async {});
    let incoming = TraceContext::root();
    let publishers = running.publishers();
    let publishing = publishers.publish("order.created", b"{}");
    trace::scope(incoming, publishing).await.unwrap();
    publishers.publish("elsewhere", b"{}").await.unwrap();
    let spans = spans(running, data_dir.path()).await;
    assert_eq!(spans.len(), 3, "{spans:?}");

    let named = |name: &str, mode: Value| {
        let found =
            (spans.iter()).find(|span| span["name"] == name && span["attributes"]["mode"] == mode);
        found.unwrap_or_else(|| panic!("{name} {mode}: {spans:?}"))
    };
    let published = named("publish order.created", Value::Null);
    let inline = named("process order.created", json!("inline"));
    let queued = named("process order.created", json!("queued"));
    assert_eq!(published["parent_span_id"], incoming.span_id().to_string());
    for span in [published, inline, queued] {
        assert_eq!(span["trace_id"], incoming.trace_id().to_string());
        assert!(span["start_unix_nano"].as_u64() <= span["end_unix_nano"].as_u64());
    }
    for span in [inline, queued] {
        assert_eq!(span["parent_span_id"], published["span_id"]);
    }
    assert_ne!(inline["span_id"], queued["span_id"]);
    let failed = json!({"code": "error", "message": "bad order"});
    assert_eq!(inline["status"], failed);
    assert_eq!(inline["attributes"]["error.type"], "external");
    assert_eq!(queued["status"], json!({"code": "ok"}));
    assert_eq!(
        queued["attributes"]["messaging.destination.name"],
        "order.created"
    );
}

#[tokio::test]
async fn what_is_not_sampled_is_not_written() {
    let data_dir = tempfile::tempdir().unwrap();
    let config = json!({"topics": ["**"], "ratio": 0});
    let running = start(data_dir.path(), config).await;
    running
        .publishers()
        .publish("order.created", b"{}")
        .await
        .unwrap();
    assert!(spans(running, data_dir.path()).await.is_empty());
}

#[test]
fn the_default_file_loads_as_it_stands() {
    let file = include_str!("../../../config/plugins/tracing-plugin.yaml");
    let file = file.replace("enabled: false", "enabled: true");
    let data_dir = tempfile::tempdir().unwrap();
    let set = Composition::assemble(&[Spans::DESCRIPTOR]).unwrap();
    let sources = Sources::new()
        .embedded("test", file)
        .data_dir(data_dir.path());
    let configured = Manager::builder(&set).sources(sources).configure().unwrap();
    assert!(configured.warnings().is_empty());
}

#[cfg(not(feature = "otlp"))]
#[test]
fn report_a_a_collector_without_an_exporter_is_told_before_the_start() {
    let otlp = json!({"endpoint": "http://127.0.0.1:4318"});
    let sources = Sources::new().set(["tracing-plugin", "config", "otlp"], otlp);
    let set = Composition::assemble(&[Spans::DESCRIPTOR]).unwrap();
    let error = Manager::builder(&set).sources(sources).configure();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("build with `--features otlp`"), "{error}");
}
