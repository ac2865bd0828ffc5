//! Who looks on at events and handles none.

use std::sync::{Arc, Mutex};

use plugin_core::lifecycle::{Operation, SystemOperated};
use serde_json::json;

use crate::fault::{Ping, Set, inline, listener};

type Seen = Arc<Mutex<Vec<String>>>;

/// An observer that writes down what it sees.
fn observe(
    running: &plugin_core::lifecycle::Running,
    pattern: &str,
) -> (plugin_core::event::SubscriptionHandle, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let look = move |event: &plugin_core::event::AnyEvent<'_>| {
        let text = format!("{} {}", event.topic(), event.to_json().unwrap());
        kept.lock().unwrap().push(text);
    };
    let handle = running.subscriber().observe(pattern, look).unwrap();
    (handle, seen)
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_each_event_and_handles_none() {
    let set = Set::new([inline("a", &[]), listener("b", &[])]);
    let running = set.configure().start().await.unwrap();
    let reports = running.bus().handlers().len();
    let (handle, seen) = observe(&running, "test.*");
    let publisher = running.publisher::<Ping>();
    publisher.publish(Ping { number: 1 }).await.unwrap();
    let outcomes = publisher.publish_and_wait(Ping { number: 2 }).await;
    let outcomes = outcomes.unwrap();
    let told: Vec<_> = outcomes.iter().map(|outcome| outcome.plugin).collect();
    assert_eq!(told, ["a", "b"], "it is no outcome");
    publisher.try_publish(Ping { number: 3 }).unwrap();
    let publishers = running.publishers();
    let untyped = publishers.publish("test.undeclared", b"{}");
    untyped.await.unwrap();
    let expected = [
        r#"test.ping {"number":1}"#,
        r#"test.ping {"number":2}"#,
        r#"test.ping {"number":3}"#,
        "test.undeclared {}",
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(running.bus().handlers().len(), reports, "it is no handler");
    drop(handle);
    publisher.publish(Ping { number: 4 }).await.unwrap();
    assert_eq!(seen.lock().unwrap().len(), 4);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_only_looked_at_is_heard_by_nobody() {
    let running = Set::new([]).configure().start().await.unwrap();
    let (_handle, seen) = observe(&running, "**");
    let received = running
        .publishers()
        .receive("test.ping", br#"{"number":1}"#);
    let received = received.unwrap();
    assert!(!received.is_heard());
    received.publish().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), [r#"test.ping {"number":1}"#]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_operation_is_an_event_also_one_that_is_refused_and_a_plan_is_none() {
    let set = Set::new([inline("a", &[])]);
    let running = set.configure().start().await.unwrap();
    let (_handle, seen) = observe(&running, "system.operated");
    let handle = running.handle();
    let plan = Operation::Reload { plugin: None };
    handle
        .operate(Operation::Plan(Box::new(plan)))
        .await
        .unwrap();
    handle.stop("a").await.unwrap();
    handle.stop("a").await.unwrap_err();
    running.stop().await;
    let seen = seen.lock().unwrap();
    let told: Vec<SystemOperated> = (seen.iter())
        .map(|text| serde_json::from_str(text.split_once(' ').unwrap().1).unwrap())
        .collect();
    let words: Vec<_> = (told.iter())
        .map(|one| [&one.operation, &one.by, &one.outcome].map(String::as_str))
        .collect();
    let by = "operator";
    assert_eq!(words, [["stop", by, "done"], ["stop", by, "denied"]]);
    assert_eq!(told[1].plugin, Some("a".to_owned()));
    let error = told[1].error.as_deref().unwrap();
    assert!(error.contains("stopped"), "{error}");
    assert_eq!(json!(told[0].error), json!(null));
}
