//! Bounds, and what happens at them.

use std::time::Duration;

use plugin_core::ErrorKind;
use plugin_core::lifecycle::Health;
use tokio::time::timeout;

use super::{Open, event, events, name, positions};
use crate::config::{OnFull, QueueConfig};
use crate::file::QueueFile;
use crate::health;

/// Longest wait for what has to come.
const LIMIT: Duration = Duration::from_secs(30);

/// Room for three events.
fn small(on_full: OnFull) -> QueueConfig {
    QueueConfig {
        max_events: 3,
        on_full,
        ..QueueConfig::default()
    }
}

#[tokio::test]
async fn wait_is_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::Wait)).await;
    let given = open.append(&events(0..3)).await.unwrap();
    let store = std::sync::Arc::clone(&open.store);
    let mut more = tokio::task::JoinSet::new();
    more.spawn(async move { store.append(&name("a"), &events(3..4)).await });
    tokio::task::yield_now().await;
    // The commit of this has seen that there is no room for that.
    open.append(&[]).await.unwrap();
    assert!(more.try_join_next().is_none(), "there was no room");
    open.handled([given[0]]).await.unwrap();
    let late = more.join_next().await.unwrap().unwrap().unwrap();
    let expected = [given[1], given[2], late[0]];
    assert_eq!(positions(&open.pending().await), expected);
    open.close().await;
}

#[tokio::test]
async fn what_waits_for_room_is_told_when_the_queue_is_closed() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::Wait)).await;
    open.append(&events(0..3)).await.unwrap();
    let store = std::sync::Arc::clone(&open.store);
    let name = name("a");
    let late = events(3..4);
    let (waited, ()) = tokio::join!(store.append(&name, &late), open.close());
    assert!(waited.unwrap_err().kind().is_retriable());
}

#[tokio::test]
async fn fail_is_an_error_that_names_the_keys() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::Fail)).await;
    open.append(&events(0..2)).await.unwrap();
    let error = open.append(&events(2..4)).await.unwrap_err();
    assert!(error.kind().is_retriable());
    assert!(error.to_string().contains("max_events"), "{error}");
    open.append(&events(4..5)).await.unwrap();
    assert_eq!(
        open.store.gauge().failure().clone(),
        None,
        "the disk is fine"
    );
    open.close().await;
}

#[tokio::test]
async fn drop_oldest_makes_room_and_counts() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::DropOldest)).await;
    let given = open.append(&events(0..3)).await.unwrap();
    let more = open.append(&events(3..5)).await.unwrap();
    let expected = [given[2], more[0], more[1]];
    assert_eq!(positions(&open.pending().await), expected);
    assert_eq!(open.store.gauge().displaced(), 2);
    open.close().await;
}

#[tokio::test]
async fn report_b20_what_is_held_does_not_give_way_and_new_events_wait() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::DropOldest)).await;
    let given = open.append(&events(0..3)).await.unwrap();
    let held = open.pending().await;
    // As if each were in its handler.
    assert!(held.iter().all(|stored| stored.record.ticket.leave()));
    let store = std::sync::Arc::clone(&open.store);
    let mut more = tokio::task::JoinSet::new();
    more.spawn(async move { store.append(&name("a"), &events(3..4)).await });
    tokio::task::yield_now().await;
    open.append(&[]).await.unwrap();
    assert!(more.try_join_next().is_none(), "there was no room");
    open.handled([given[1]]).await.unwrap();
    let late = more.join_next().await.unwrap().unwrap().unwrap();
    let expected = [given[0], given[2], late[0]];
    assert_eq!(positions(&open.pending().await), expected);
    assert_eq!(open.store.gauge().displaced(), 0);
    open.close().await;
}

#[tokio::test]
async fn drop_oldest_makes_room_for_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig {
        max_bytes: 100,
        on_full: OnFull::DropOldest,
        ..QueueConfig::default()
    };
    let open = Open::new(&directory, &config).await;
    let given = open
        .append(&[event(0, 30), event(1, 30), event(2, 30)])
        .await
        .unwrap();
    let more = open.append(&[event(3, 45)]).await.unwrap();
    assert_eq!(positions(&open.pending().await), [given[2], more[0]]);
    open.close().await;
}

#[tokio::test]
async fn what_never_fits_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    for on_full in [OnFull::Wait, OnFull::Fail, OnFull::DropOldest] {
        let config = QueueConfig {
            max_bytes: 100,
            on_full,
            ..QueueConfig::default()
        };
        let open = Open::new(&directory, &config).await;
        let error = open.append(&[event(9, 101)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External { retriable: false });
        assert!(error.to_string().contains("max_bytes"), "{error}");
        open.close().await;
    }
}

#[tokio::test]
async fn report_b19_a_stop_stores_what_waits_for_room() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::Wait)).await;
    open.append(&events(0..3)).await.unwrap();
    let store = std::sync::Arc::clone(&open.store);
    let mut more = tokio::task::JoinSet::new();
    more.spawn(async move { store.append(&name("a"), &events(3..5)).await });
    tokio::task::yield_now().await;
    open.append(&[]).await.unwrap();
    assert!(more.try_join_next().is_none(), "there was no room");
    assert!(open.store.gauge().full().is_some());
    open.store.hurry().await.unwrap();
    let late = timeout(LIMIT, more.join_next()).await.expect("it waits");
    let late = late.unwrap().unwrap().unwrap();
    assert_eq!(late.len(), 2);
    assert_eq!(open.pending().await.len(), 5, "more than the limit");
    assert!(open.store.gauge().full().is_none());
    open.close().await;
}

/// What the queue says of itself while it is full, and once there is room again.
#[tokio::test]
async fn report_b9_a_full_queue_says_what_becomes_of_new_events_and_whose_are_old() {
    let cases = [
        (OnFull::Wait, "wait for room", true),
        (OnFull::Fail, "are refused", false),
        (OnFull::DropOldest, "give way", true),
    ];
    for (on_full, what, serves) in cases {
        let directory = tempfile::tempdir().unwrap();
        let open = Open::new(&directory, &small(on_full)).await;
        assert_eq!(health::of(&open.store).await, Health::Healthy);
        let mut given = open.append(&events(0..3)).await.unwrap();
        assert_eq!(health::of(&open.store).await, Health::Healthy, "none came");
        let (store, name) = (std::sync::Arc::clone(&open.store), name("a"));
        let mut more = tokio::task::JoinSet::new();
        more.spawn(async move { store.append(&name, &events(3..4)).await });
        let full = async {
            loop {
                open.append(&[]).await.unwrap();
                match health::of(&open.store).await {
                    Health::Healthy => tokio::task::yield_now().await,
                    full => break full,
                }
            }
        };
        let full = timeout(LIMIT, full).await.expect("nothing is told");
        assert_eq!(full.serves(), serves, "{full:?}");
        let reason = full.reason().unwrap();
        for part in [
            what,
            "`max_events` 3",
            "`test-plugin.a(test.event)`",
            "raise",
        ] {
            assert!(reason.contains(part), "{reason}");
        }
        open.handled([given.remove(1), given.remove(1)])
            .await
            .unwrap();
        drop(more.join_next().await.unwrap().unwrap());
        open.append(&[]).await.unwrap();
        assert_eq!(
            health::of(&open.store).await,
            Health::Healthy,
            "{on_full:?}"
        );
        open.close().await;
    }
}

/// What a command drops beside the service is room for what comes.
#[tokio::test]
async fn report_6_room_that_a_command_makes_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &small(OnFull::Fail)).await;
    open.store
        .append(&name("gone"), &events(0..2))
        .await
        .unwrap();
    let given = open.append(&events(2..3)).await.unwrap();
    let full = open.append(&events(3..4)).await.unwrap_err();
    assert!(full.to_string().contains("is full"), "{full}");
    let path = super::location(&directory).path;
    let mut file = QueueFile::open(&path).await.unwrap().unwrap();
    assert_eq!(file.forget(&name("gone")).await.unwrap(), (2, 0));
    file.close().await.unwrap();
    let more = open.append(&events(3..5)).await.unwrap();
    assert_eq!(positions(&open.pending().await), [given, more].concat());
    assert!(
        open.append(&events(5..6)).await.is_err(),
        "it is full again"
    );
    open.close().await;
}

/// It is found also when nothing else is asked of the queue but how it is.
#[tokio::test]
async fn report_6_room_that_a_command_makes_is_found_by_who_asks_how_the_queue_is() {
    for on_full in [OnFull::Wait, OnFull::Fail] {
        let directory = tempfile::tempdir().unwrap();
        let open = Open::new(&directory, &small(on_full)).await;
        open.store
            .append(&name("gone"), &events(0..3))
            .await
            .unwrap();
        let store = std::sync::Arc::clone(&open.store);
        let mut more = tokio::task::JoinSet::new();
        more.spawn(async move { store.append(&name("a"), &events(3..4)).await });
        let full = async {
            while open.store.gauge().full().is_none() {
                tokio::task::yield_now().await;
            }
        };
        timeout(LIMIT, full).await.expect("it is full");
        assert_ne!(health::of(&open.store).await, Health::Healthy);
        let path = super::location(&directory).path;
        let mut file = QueueFile::open(&path).await.unwrap().unwrap();
        assert_eq!(file.forget(&name("gone")).await.unwrap(), (3, 0));
        file.close().await.unwrap();
        assert_eq!(
            health::of(&open.store).await,
            Health::Healthy,
            "{on_full:?}"
        );
        let late = timeout(LIMIT, more.join_next()).await.expect("it waits");
        let is_stored = late.unwrap().unwrap().is_ok();
        assert_eq!(is_stored, on_full == OnFull::Wait, "{on_full:?}");
        open.close().await;
    }
}
