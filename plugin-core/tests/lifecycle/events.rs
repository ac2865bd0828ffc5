//! Events between plugins that misbehave.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use plugin_core::event::{PublishError, TryPublishError};
use plugin_core::{Error, ErrorKind};
use serde_json::json;

use crate::fault::{Ping, Set, inline, listener};

#[tokio::test(start_paused = true)]
async fn b02_b03_b09_a_panic_is_that_handlers_error_and_the_others_are_called() {
    let set = Set::new([
        inline("a", &[]),
        inline("b", &[]),
        listener("c", &[]),
        listener("d", &[]),
    ])
    .tell("a", json!({"handle": "panic"}))
    .tell("c", json!({"handle": "panic"}));
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    for number in 0..3 {
        let outcomes = publisher.publish_and_wait(Ping { number }).await.unwrap();
        let kinds: Vec<_> = (outcomes.iter())
            .map(|outcome| {
                (
                    outcome.plugin,
                    outcome.result.as_ref().err().map(plugin_core::Error::kind),
                )
            })
            .collect();
        let bug = Some(ErrorKind::Bug);
        assert_eq!(kinds, [("a", bug), ("b", None), ("c", bug), ("d", None)]);
    }
    let status = running.status();
    let errors: Vec<_> = status
        .plugins
        .iter()
        .map(|plugin| plugin.events.errors)
        .collect();
    assert_eq!(errors, [3, 0, 3, 0], "counted");
    assert!(status.ready, "a handler's failure is not the plugin's");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_hangs_is_given_up_after_its_limit() {
    let set = Set::new([listener("a", &[])])
        .tell("a", json!({"handle": "hang"}))
        .set("a", "timeout", json!("5s"));
    let running = set.configure().start().await.unwrap();
    let outcomes = running
        .publisher()
        .publish_and_wait(Ping { number: 1 })
        .await
        .unwrap();
    let error = outcomes[0].result.as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b04_a_stuck_handler_holds_publishers_back_and_takes_no_more_than_its_mailbox() {
    let set = Set::new([listener("a", &[])])
        .tell("a", json!({"handle": "hang"}))
        .set("a", "mailbox", json!(8));
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    let mut accepted = 0;
    let refused = loop {
        match publisher.try_publish(Ping { number: accepted }) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(refused, TryPublishError::Full(Ping { .. })));
    assert!(accepted <= 2 * 8, "{accepted}");
    let wait = tokio::time::timeout(
        std::time::Duration::from_secs(1),
        publisher.publish(Ping { number: 0 }),
    );
    assert!(wait.await.is_err(), "publish waits for room");
    running.insist();
    running.stop().await;
}

#[tokio::test]
async fn b05_the_events_of_one_publisher_keep_their_order() {
    let set = Set::new([listener("a", &[])]);
    let running = set.configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    for number in 0..10_000 {
        publisher.publish(Ping { number }).await.unwrap();
    }
    running.idle().await;
    let handled = set.journal.of_kind("handled");
    assert!(
        handled
            .iter()
            .enumerate()
            .all(|(at, line)| *line == format!("a {at}"))
    );
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b01_a_subscription_ends_when_its_handle_is_dropped() {
    let set = Set::new([]);
    let running = set.configure().start().await.unwrap();
    let (publisher, calls) = (running.publisher::<Ping>(), Arc::new(AtomicU64::new(0)));
    let count = Arc::clone(&calls);
    let subscription = running
        .subscriber()
        .subscribe::<Ping, _>(move |_| {
            count.fetch_add(1, Relaxed);
        })
        .unwrap();
    publisher.publish(Ping { number: 1 }).await.unwrap();
    subscription.unsubscribe();
    publisher.publish(Ping { number: 2 }).await.unwrap();
    assert_eq!(calls.load(Relaxed), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn b08_patterns_and_filters_choose_events() {
    let set = Set::new([]);
    let running = set.configure().start().await.unwrap();
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let _subscription = running
        .subscriber()
        .subscribe_with_filter(
            "test.*",
            move |_| {
                count.fetch_add(1, Relaxed);
            },
            |event| event.field("number") == Some(json!(2)),
        )
        .unwrap();
    for number in 0..5 {
        running.publisher().publish(Ping { number }).await.unwrap();
    }
    running
        .publishers()
        .publish("test.undeclared", br#"{"number": 2}"#)
        .await
        .unwrap();
    running
        .publishers()
        .publish("other.undeclared", br#"{"number": 2}"#)
        .await
        .unwrap();
    assert_eq!(calls.load(Relaxed), 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_asynchronous_subscription_of_the_owner_is_drained_at_the_stop() {
    let set = Set::new([]);
    let running = set.configure().start().await.unwrap();
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let subscription = running
        .subscriber()
        .subscribe_async::<Ping, _>(move |_| {
            let count = Arc::clone(&count);
            async move {
                tokio::task::yield_now().await;
                count.fetch_add(1, Relaxed);
            }
        })
        .unwrap();
    for number in 0..100 {
        running.publisher().publish(Ping { number }).await.unwrap();
    }
    running.stop().await;
    assert_eq!(calls.load(Relaxed), 100);
    drop(subscription);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_published_on_one_topic_not_on_a_pattern() {
    let running = Set::new([]).configure().start().await.unwrap();
    for topic in ["test.*", "test.**", "test..ping", ""] {
        let refused = running.publishers().publish(topic, b"{}").await;
        assert!(
            matches!(refused, Err(PublishError::Topic(_))),
            "{topic}: {refused:?}"
        );
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_panics_is_its_handlers_error() {
    let running = Set::new([]).configure().start().await.unwrap();
    let calls = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&calls);
    let subscriber = running.subscriber();
    let _faulty = subscriber
        .subscribe_with_filter("test.*", |_| {}, |_| panic!("told to panic"))
        .unwrap();
    let _good = subscriber
        .subscribe::<Ping, _>(move |_| {
            count.fetch_add(1, Relaxed);
        })
        .unwrap();
    running
        .publisher()
        .publish(Ping { number: 1 })
        .await
        .unwrap();
    assert_eq!(calls.load(Relaxed), 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_may_own_another_of_the_same_subscriber() {
    let running = Set::new([]).configure().start().await.unwrap();
    let inner = running.subscriber().subscribe::<Ping, _>(|_| {}).unwrap();
    let outer = running
        .subscriber()
        .subscribe::<Ping, _>(move |_| {
            let _owned = &inner;
        })
        .unwrap();
    drop(outer);
    assert!(running.bus().handlers().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn inline_handlers_in_a_circle_end_in_an_error_not_in_the_stack() {
    let running = Set::new([]).configure().start().await.unwrap();
    let publisher = running.publisher::<Ping>();
    let again = publisher.clone();
    let _circle = running
        .subscriber()
        .subscribe::<Ping, _>(move |ping| {
            let next = Ping {
                number: ping.number + 1,
            };
            again.try_publish(next).map_err(|_| Error::bug("refused"))
        })
        .unwrap();
    publisher.publish(Ping { number: 0 }).await.unwrap();
    let handlers = running.bus().handlers();
    assert_eq!(handlers[0].received, 33);
    assert_eq!(handlers[0].errors, 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pattern_is_reported_once_and_json_has_nothing_after_it() {
    let running = Set::new([]).configure().start().await.unwrap();
    let _all = running
        .subscriber()
        .subscribe_with_filter("**", |_| {}, |_| true)
        .unwrap();
    assert_eq!(running.bus().handlers().len(), 1);
    for topic in ["test.ping", "test.undeclared"] {
        let json = br#"{"number": 1} {"number": 2}"#;
        let refused = running.publishers().publish(topic, json).await;
        assert!(
            matches!(refused, Err(PublishError::Decode(_))),
            "{topic}: {refused:?}"
        );
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_of_the_owner_that_hangs_does_not_hold_the_stop() {
    let running = Set::new([]).configure().start().await.unwrap();
    let subscription = running
        .subscriber()
        .subscribe_async::<Ping, _>(|_| std::future::pending::<()>())
        .unwrap();
    running
        .publisher()
        .publish(Ping { number: 1 })
        .await
        .unwrap();
    running.stop().await;
    drop(subscription);
}
