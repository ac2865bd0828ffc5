//! What comes back: the answer, or an error that says whose it is.

use plugin_core::event::RequestError;
use plugin_core::trace::{self, TraceContext};
use plugin_core::{ErrorKind, Mode};
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_request_is_answered() {
    let running = rig().start().await;
    let echo = running.request(ask("an echo")).await.unwrap();
    assert_eq!(echo.as_deref(), Some("an echo"));
    assert_eq!(running.request(ask("nothing")).await.unwrap(), None);
    let length = running.request(Length("four".to_owned())).await.unwrap();
    assert_eq!(length, 4, "a `fn` answers, too");
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn who_answers_is_in_the_trace_of_who_asks() {
    let running = rig().start().await;
    let incoming = TraceContext::root();
    let answer = trace::scope(incoming, running.request(ask("who"))).await;
    let answer = answer.unwrap().unwrap();
    let (source, span) = answer.split_once(' ').unwrap();
    let span: TraceContext = span.parse().unwrap();
    assert_eq!(source, "host");
    assert_eq!(span.trace_id(), incoming.trace_id());
    assert_ne!(span.span_id(), incoming.span_id());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_that_requests_alone_and_counted() {
    let running = rig().start().await;
    let error = running.request(ask("an error")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::External { retriable: true });
    assert_eq!(error.to_string(), "`request.word` failed: not today");
    let error = running.request(ask("a panic")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    assert_eq!(
        error.to_string(),
        "`request.word` failed: panicked: no words"
    );
    assert_eq!(Error::from(error).kind(), ErrorKind::Bug, "also with `?`");
    running.request(ask("an echo")).await.unwrap();
    let report = report(&running, "request.word");
    assert_eq!((report.plugin, report.handler), ("request-oracle", "word"));
    assert_eq!((report.received, report.errors, report.timeouts), (3, 2, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_plugin_that_asks_itself_is_told_so_at_once() {
    let running = rig().start().await;
    let error = running.request(ask("yourself")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Bug);
    assert!(
        error.to_string().contains("`request-oracle` asks itself"),
        "{error}"
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_by_topic_is_json() {
    let running = rig().start().await;
    let requesters = running.requesters();
    let answer = requesters.request("request.word", br#"{"how": "an echo"}"#);
    assert_eq!(answer.await.unwrap(), json!("an echo"));
    let length = requesters.request("request.length", br#""four""#);
    assert_eq!(length.await.unwrap(), json!(4));
    let error = requesters.request("request.word", br#"{"how": 1}"#).await;
    let error = error.unwrap_err();
    assert!(matches!(error, RequestError::Decode(_)));
    assert!(error.to_string().contains("`how`"), "{error}");
    for topic in ["request.wrod", "trace.asked"] {
        let error = requesters.request(topic, b"null").await.unwrap_err();
        assert!(matches!(error, RequestError::Unknown { .. }), "{error}");
    }
    running.stop().await;
}

#[test]
fn all_of_it_is_known_without_running_it() {
    let [word, length] = Oracle::DESCRIPTOR.responds else {
        panic!("two methods answer");
    };
    assert_eq!((word.handler, word.request.topic), ("word", "request.word"));
    assert_eq!((word.mode, word.options.concurrency), (Mode::Queued, 2));
    assert_eq!(length.mode, Mode::Inline);
    let answer = length.request.answer.unwrap();
    assert_eq!((answer.type_name)(), "u64");
    let schema = answer.schema(&mut schemars::SchemaGenerator::default());
    assert_eq!(schema.get("type"), Some(&json!("integer")));
}
