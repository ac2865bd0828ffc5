//! Whichever way an event is published, it is changed once.

use std::time::Duration;

use plugin_core::event::{PublishError, TryPublishError};
use plugin_core::prelude::*;
use serde_json::json;

use crate::journal::Journal;
use crate::rig::Started;

use super::{Kept, Note, heard, rig, stored};

const HEARD: [&str; 2] = ["inline a+first+typed", "queued a+first+typed"];

#[tokio::test(start_paused = true)]
async fn report_d4_each_way_of_publishing_changes_once() {
    let running = rig().start().await;
    let publisher = running.publisher::<Note>();
    publisher.publish(Note::new("a")).await.unwrap();
    assert_eq!(heard(&running).await, HEARD);
    publisher.try_publish(Note::new("a")).unwrap();
    assert_eq!(heard(&running).await, HEARD);
    let outcomes = publisher.publish_and_wait(Note::new("a")).await.unwrap();
    assert_eq!(outcomes.len(), 2);
    assert_eq!(heard(&running).await, HEARD);
    publisher.publish_durable(Note::new("a")).await.unwrap();
    assert_eq!(heard(&running).await, HEARD);
    let by_topic = running.publishers();
    let json = serde_json::to_vec(&Note::new("a")).unwrap();
    by_topic.publish("change.note", &json).await.unwrap();
    assert_eq!(heard(&running).await, HEARD);
    let received = by_topic.receive("change.note", &json).unwrap();
    let within = Duration::from_secs(1);
    received.publish_stored(None, within).await.unwrap();
    assert_eq!(heard(&running).await, HEARD);
    let notes = ["a", "b"].map(Note::new);
    assert_eq!(publisher.publish_all(notes).await.unwrap(), 2);
    assert_eq!(
        heard(&running).await,
        [
            "inline a+first+typed",
            "inline b+first+typed",
            "queued a+first+typed",
            "queued b+first+typed"
        ]
    );
    assert!(running.stop().await.is_clean());
}

/// The journal, once it has so many lines.
async fn kept_lines(running: &Started, count: usize) -> Vec<String> {
    let journal = running.service::<dyn Journal>().unwrap();
    let enough = async {
        while journal.lines().len() < count {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, enough)
        .await
        .expect("it is handled");
    journal.lines()
}

#[tokio::test]
async fn report_d4_what_is_stored_is_the_changed_event() {
    let running = stored().start().await;
    let kept = |text: &str| Kept {
        text: text.to_owned(),
    };
    let publisher = running.publisher::<Kept>();
    publisher.publish_durable(kept("a")).await.unwrap();
    assert_eq!(kept_lines(&running, 1).await, ["kept a+first+typed"]);
    let by_topic = running.publishers();
    let received = by_topic
        .receive("change.kept", br#"{"text": "b"}"#)
        .unwrap();
    let within = Duration::from_secs(1);
    received.publish_stored(None, within).await.unwrap();
    assert_eq!(
        kept_lines(&running, 2).await,
        ["kept a+first+typed", "kept b+first+typed"]
    );
    assert!(running.stop().await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn report_d4_a_publisher_gets_its_own_event_back() {
    let running = rig().set("change-hears", "mailbox", 1).start().await;
    let publisher = running.publisher::<Note>();
    publisher.try_publish(Note::new("a")).unwrap();
    let full = publisher.try_publish(Note::new("a")).unwrap_err();
    assert!(matches!(full, TryPublishError::Full(_)), "{full}");
    assert_eq!(full.into_event(), Note::new("a"));
    let refused = publisher.try_publish(Note::new("refuse")).unwrap_err();
    assert_eq!(refused.into_event(), Note::new("refuse"));
    let all = publisher.publish_all(["leave", "refuse", "a"].map(Note::new));
    let error = all.await.unwrap_err();
    assert_eq!(error.published, 1);
    assert!(matches!(error.source, PublishError::Refused { .. }));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn report_d4_a_topic_of_no_type_is_changed_by_a_patch() {
    let running = rig().start().await;
    let data = json!({ "text": "a", "secret": "s3cret", "more": [1] });
    let json = serde_json::to_vec(&data).unwrap();
    let publishers: Publishers = running.publishers();
    publishers
        .publish("change.undeclared", &json)
        .await
        .unwrap();
    let expected = json!({ "text": "a+first", "more": [1] });
    assert_eq!(heard(&running).await, [format!("any {expected}")]);
    assert!(running.stop().await.is_clean());
}
