//! The stage `publish`: before anybody sees the event.

use std::time::Duration;

use plugin_core::event::{PublishError, TryPublishError};
use plugin_core::lifecycle::Running;

use super::fixture::{Job, Order, Other, rig};
use crate::journal::Journal;
use crate::rig::Started;

async fn lines(running: &Running) -> Vec<String> {
    running.idle().await;
    let journal = running.service::<dyn Journal>().unwrap();
    let lines = journal.lines();
    journal.clear();
    lines
}

async fn stop(running: Started) {
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn the_highest_priority_is_asked_first_and_told_last() {
    let running = rig().start().await;
    running.publisher().publish(Order::new("")).await.unwrap();
    let expected = [
        "outer publish gate.order",
        "inner publish gate.order",
        "outer deliver take #1",
        "inner deliver take",
        "take",
        "inner delivered take 0s",
        "outer delivered take ok",
    ];
    assert_eq!(lines(&running).await, expected);
    stop(running).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_reaches_nobody_whichever_way_it_came() {
    let running = rig().start().await;
    let refused = ["outer publish gate.order", "inner publish gate.order"];

    let error = running.publisher().publish(Order::new("refuse")).await;
    let PublishError::Refused {
        plugin: "test-inner",
        interceptor: "check",
        error,
    } = error.unwrap_err()
    else {
        panic!("not refused by `check`")
    };
    assert!(error.kind().is_retriable());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    assert_eq!(lines(&running).await, refused);

    let error = running.publisher().try_publish(Order::new("refuse"));
    let error = error.unwrap_err();
    assert_eq!(
        error.to_string(),
        "refused by `check` of `test-inner`: closed"
    );
    assert!(matches!(
        &error,
        TryPublishError::Refused {
            plugin: "test-inner",
            ..
        }
    ));
    assert_eq!(error.into_event(), Order::new("refuse"), "it comes back");
    assert_eq!(lines(&running).await, refused);

    let publisher = running.publisher();
    let waited = publisher.publish_and_wait(Order::new("refuse"));
    assert!(matches!(waited.await, Err(PublishError::Refused { .. })));
    assert_eq!(lines(&running).await, refused);

    let by_topic = running.publishers();
    let by_topic = by_topic.publish("gate.order", br#"{"say": "refuse"}"#);
    assert!(matches!(by_topic.await, Err(PublishError::Refused { .. })));
    assert_eq!(lines(&running).await, refused);
    stop(running).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_enters_no_mailbox() {
    let running = rig().start().await;
    let publisher = running.publisher();
    assert!(publisher.publish(Job::new("refuse")).await.is_err());
    assert!(publisher.try_publish(Job::new("refuse")).is_err());
    assert!(!lines(&running).await.contains(&"work".to_owned()));
    publisher.try_publish(Job::new("")).unwrap();
    assert!(lines(&running).await.contains(&"work".to_owned()));
    stop(running).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_refuses_and_is_counted_against_the_interceptor() {
    let running = rig().start().await;
    let publisher = running.publisher();
    let error = publisher.publish(Order::new("panic in publish")).await;
    let error = error.unwrap_err().to_string();
    assert_eq!(
        error,
        "refused by `check` of `test-inner`: panicked: told to panic"
    );
    let reports = running.bus().interceptors();
    let check = reports.iter().find(|one| one.interceptor == "check");
    let check = check.unwrap();
    assert_eq!((check.calls, check.errors), (1, 1));
    assert_eq!((check.stage, &*check.topics), ("publish", "gate.*"));
    assert_eq!(crate::rig::status(&running, "test-inner").events.errors, 1);
    stop(running).await;
}

#[tokio::test(start_paused = true)]
async fn topics_that_no_type_declares_are_matched_one_by_one() {
    let running = rig().start().await;
    let publishers = running.publishers();
    let refuse = br#"{"say": "refuse"}"#;
    let inside = publishers.publish("gate.undeclared", refuse).await;
    assert!(matches!(inside, Err(PublishError::Refused { .. })));
    lines(&running).await;
    let deeper = publishers.publish("gate.undeclared.deep", refuse).await;
    assert!(deeper.is_ok(), "`gate.*` is one segment: {deeper:?}");
    assert_eq!(
        lines(&running).await,
        ["outer publish gate.undeclared.deep"]
    );
    let outside = publishers.publish("elsewhere", refuse).await;
    assert!(outside.is_ok());
    assert!(lines(&running).await.is_empty());
    stop(running).await;
}

#[tokio::test(start_paused = true)]
async fn other_topics_are_not_intercepted() {
    let running = rig().start().await;
    let publisher = running.publisher();
    publisher.publish(Other::new("refuse")).await.unwrap();
    publisher.try_publish(Other::new("refuse")).unwrap();
    assert_eq!(lines(&running).await, ["other", "other"]);
    stop(running).await;
}
