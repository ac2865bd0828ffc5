//! Spans that go to a collector, which decodes what it gets; and collectors that take nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../../otlp/receiver/receiver.rs"]
mod receiver;

use std::path::Path;
use std::time::{Duration, Instant};

use plugin_core::config::Sources;
use plugin_core::event::AnyEvent;
use plugin_core::lifecycle::{Manager, Running};
use plugin_core::trace::{self, TraceContext};
use plugin_core::{Composition, Error, OwnValue, Plugin};
use plugin_otlp::Message as _;
use plugin_otlp::proto::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use plugin_otlp::proto::common::v1::KeyValue;
use plugin_otlp::proto::common::v1::any_value::Value;
use plugin_otlp::proto::trace::v1::Span;
use plugin_tracing::Spans;
use receiver::{Answer, Receiver};
use serde_json::json;

struct Site {
    running: Running,
    data: tempfile::TempDir,
}

impl Site {
    /// Each span is sent at once.
    async fn to(receiver: &Receiver, timeout: &str, queue: usize) -> Self {
        let otlp = json!({
            "endpoint": format!("http://{}", receiver.address),
            "headers": {"authorization": "Bearer f00"},
            "service_name": "shop",
            "interval": "1ms",
            "timeout": timeout,
            "queue": queue,
        });
        let data = tempfile::tempdir().unwrap();
        let running = start(data.path(), json!({"topics": ["order.*"], "otlp": otlp})).await;
        Self { running, data }
    }

    async fn publish(&self, times: usize) {
        for _ in 0..times {
            let publishers = self.running.publishers();
            publishers.publish("order.created", b"{}").await.unwrap();
        }
    }

    /// What the exporter counted: sent, without room, refused.
    fn counts(&self) -> [u64; 3] {
        let mut counts = [0; 3];
        let own = self.running.handle().metrics().own;
        for figure in own.iter().flat_map(|(_, figures)| figures) {
            let at = match (figure.name, figure.labels.first()) {
                ("tracing_spans_sent", _) => 0,
                ("tracing_spans_dropped", Some((_, reason))) if reason == "overflow" => 1,
                _ => 2,
            };
            let OwnValue::Count(count) = figure.value else {
                panic!("{figure:?}");
            };
            counts[at] += count;
        }
        counts
    }

    async fn until(&self, counts: [u64; 3]) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.counts() != counts {
            assert!(Instant::now() < deadline, "{:?}", self.counts());
            tokio::task::yield_now().await;
        }
    }
}

async fn start(data_dir: &Path, config: serde_json::Value) -> Running {
    let sources = Sources::new()
        .plugin_config("tracing-plugin", config)
        .data_dir(data_dir);
    let set = Composition::assemble(&[Spans::DESCRIPTOR]).unwrap();
    let configured = Manager::builder(&set).sources(sources).configure().unwrap();
    configured.start().await.unwrap()
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.unwrap().value.clone().unwrap().value.unwrap() {
        Value::StringValue(text) => text,
        other => panic!("{other:?}"),
    }
}

/// All spans that came, each from the service.
fn spans(receiver: &Receiver) -> Vec<Span> {
    let mut spans = Vec::new();
    for arrived in receiver.rest() {
        assert!(arrived.head.starts_with("post /v1/traces http/1.1\r\n"));
        for header in [
            "authorization: bearer f00\r\n",
            "content-type: application/x-protobuf\r\n",
        ] {
            assert!(arrived.head.contains(header), "{}", arrived.head);
        }
        for resource in arrived.decode::<ExportTraceServiceRequest>().resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            assert_eq!(text(&attributes, "service.name"), "shop");
            let scopes = resource.scope_spans.into_iter();
            spans.extend(scopes.flat_map(|scope| scope.spans));
        }
    }
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_a_collector_gets_the_tree_of_a_publishing() {
    let receiver = Receiver::begin([Answer::ok()]);
    let site = Site::to(&receiver, "5s", 100).await;
    let subscriber = site.running.subscriber();
    let fails = |_: &AnyEvent<'_>| Err::<(), _>(Error::external("bad order"));
    let _inline = subscriber.subscribe_with_filter("order.*", fails, |_| true);
    let _queued = subscriber.subscribe_any_async("order.*", |_| async {});
    let incoming = TraceContext::root();
    trace::scope(incoming, site.publish(1)).await;
    site.running.idle().await;
    assert!(site.running.stop().await.is_clean());
    assert!(
        !site
            .data
            .path()
            .join("tracing-plugin/spans.ndjson")
            .exists()
    );

    let spans = spans(&receiver);
    assert_eq!(spans.len(), 3, "{spans:?}");
    let find = |name: &str, mode: Option<&str>| {
        let found = spans.iter().find(|span| {
            let has = |mode| {
                span.attributes.iter().any(|it| it.key == "mode")
                    && text(&span.attributes, "mode") == mode
            };
            span.name == name && mode.is_none_or(has)
        });
        found.unwrap_or_else(|| panic!("{name} {mode:?}: {spans:?}"))
    };
    let published = find("publish order.created", None);
    let inline = find("process order.created", Some("inline"));
    let queued = find("process order.created", Some("queued"));
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    for span in [published, inline, queued] {
        assert_eq!(hex(&span.trace_id), incoming.trace_id().to_string());
        assert_eq!(span.span_id.len(), 8);
        assert!(span.start_time_unix_nano > 0);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
    }
    assert_eq!(
        hex(&published.parent_span_id),
        incoming.span_id().to_string()
    );
    for span in [inline, queued] {
        assert_eq!(span.parent_span_id, published.span_id);
    }
    // Producer and consumer; ok and error.
    assert_eq!((published.kind, inline.kind), (4, 5));
    let status = |span: &Span| span.status.clone().unwrap();
    assert_eq!((status(queued).code, status(inline).code), (1, 2));
    assert_eq!(status(inline).message, "bad order");
    assert_eq!(text(&inline.attributes, "error.type"), "external");
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_what_a_busy_collector_refuses_is_sent_again() {
    let busy = Answer::Status(503, "retry-after: 0\r\n", Vec::new());
    let receiver = Receiver::begin([busy, Answer::ok()]);
    let site = Site::to(&receiver, "5s", 100).await;
    site.publish(1).await;
    assert_eq!(receiver.next().body, receiver.next().body);
    site.until([1, 0, 0]).await;
    site.publish(1).await;
    site.until([2, 0, 0]).await;
    assert!(site.running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_what_a_collector_does_not_want_is_counted_and_not_sent_again() {
    let partial = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 1,
            error_message: "too old".to_owned(),
        }),
    };
    let partial = Answer::Status(200, "", partial.encode_to_vec());
    let receiver = Receiver::begin([Answer::Status(400, "", Vec::new()), partial]);
    let site = Site::to(&receiver, "5s", 100).await;
    site.publish(1).await;
    site.until([0, 0, 1]).await;
    site.publish(1).await;
    site.until([0, 0, 2]).await;
    assert_eq!(receiver.rest().len(), 2);
    assert!(site.running.stop().await.is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn report_a_a_dead_collector_holds_nobody_up() {
    let receiver = Receiver::begin([Answer::Never]);
    let site = Site::to(&receiver, "1s", 10).await;
    site.publish(1).await;
    // The first one is on its way now, and ten have room behind it.
    receiver.next();
    let began = Instant::now();
    site.publish(1000).await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    let [sent, overflown, refused] = site.counts();
    assert_eq!((sent, refused), (0, 0));
    assert!(overflown >= 990, "{overflown}");
    let began = Instant::now();
    assert!(site.running.stop().await.is_clean());
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn report_a_an_address_that_is_none_is_told_before_the_start() {
    let data = tempfile::tempdir().unwrap();
    let set = Composition::assemble(&[Spans::DESCRIPTOR]).unwrap();
    let sources = Sources::new()
        .set(
            ["tracing-plugin", "config"],
            json!({"otlp": {"endpoint": "ftp://collector"}}),
        )
        .data_dir(data.path());
    let error = Manager::builder(&set)
        .sources(sources)
        .configure()
        .unwrap_err();
    let error = error.to_string();
    assert!(error.contains("is no address of a collector"), "{error}");
}
