//! Many who ask, few commits; and what a store keeps across its lives.

use plugin_core::config::Period;
use sqlx::{ConnectOptions as _, Row as _};

use super::{Open, all, event, events, location, name, positions};
use crate::config::QueueConfig;

#[tokio::test]
async fn what_comes_together_is_one_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig {
        commit_interval: Period::millis(20),
        ..QueueConfig::default()
    };
    let open = Open::new(&directory, &config).await;
    let mut all_at_once = tokio::task::JoinSet::new();
    for number in 0..400 {
        let store = std::sync::Arc::clone(&open.store);
        all_at_once.spawn(async move { store.append(&name("a"), &events([number])).await });
    }
    let given: Vec<_> = all_at_once.join_all().await;
    assert!(given.iter().all(Result::is_ok));
    let transactions = open.store.gauge().transactions();
    assert!(transactions <= 10, "{transactions} transactions");
    assert_eq!(open.pending().await.len(), 400);
    open.close().await;
}

#[tokio::test]
async fn a_position_is_never_given_out_twice() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig::default();
    let open = Open::new(&directory, &config).await;
    let before = open.append(&events(0..3)).await.unwrap();
    open.handled(before.clone()).await.unwrap();
    open.close().await;
    let open = Open::new(&directory, &config).await;
    let after = open.append(&events(3..4)).await.unwrap();
    assert!(after[0] > before[2], "{after:?} after {before:?}");
    open.close().await;
}

#[tokio::test]
async fn what_is_not_settled_is_there_in_the_next_life() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig::default();
    let open = Open::new(&directory, &config).await;
    let given = open.append(&events(0..5)).await.unwrap();
    open.handled([given[1], given[3]]).await.unwrap();
    open.close().await;
    let open = Open::new(&directory, &config).await;
    let left = open.pending().await;
    assert_eq!(positions(&left), [given[0], given[2], given[4]]);
    assert_eq!(left[1].record.key, event(2, 10).key);
    assert_eq!(&*left[1].record.source, "host");
    open.close().await;
}

#[tokio::test]
async fn an_event_that_is_appended_again_is_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let first = open.append(&events(0..3)).await.unwrap();
    let again = open.append(&events(1..4)).await.unwrap();
    assert_eq!(again[..2], first[1..]);
    assert_eq!(open.pending().await.len(), 4);
    open.close().await;
}

#[tokio::test]
async fn a_window_ends_by_events_or_by_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let given = open.append(&events(0..10)).await.unwrap();
    let read = async |after, events, bytes| {
        let window = super::Window {
            after,
            events,
            bytes,
        };
        positions(&open.store.pending(&name("a"), window).await.unwrap())
    };
    assert_eq!(read(given[1], 3, 1000).await, given[2..5]);
    assert_eq!(read(0, 10, 25).await, given[..3]);
    assert_eq!(read(0, 10, 1).await, given[..1], "one in any case");
    assert!(
        open.store
            .pending(&name("b"), all())
            .await
            .unwrap()
            .is_empty()
    );
    open.close().await;
}

#[tokio::test]
async fn stock_is_by_subscription() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    open.append(&events(0..2)).await.unwrap();
    open.store.append(&name("b"), &events(2..3)).await.unwrap();
    let stock = open.store.stock().await.unwrap();
    let found: Vec<_> = (stock.iter())
        .map(|stock| (&*stock.subscription.handler, stock.pending, stock.bytes))
        .collect();
    assert_eq!(found, [("a", 2, 20), ("b", 1, 10)]);
    open.close().await;
}

/// What is counted is what a scan finds, whatever put events in or took them out.
#[tokio::test]
async fn report_e_stock_is_counted_and_not_scanned() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let given = open.append(&events(0..10)).await.unwrap();
    // The same keys again.
    open.append(&events(0..10)).await.unwrap();
    open.store
        .append(&name("b"), &events(10..13))
        .await
        .unwrap();
    open.handled(given[..4].iter().copied()).await.unwrap();
    let stock = open.store.stock().await.unwrap();
    let counted: Vec<_> = stock.iter().map(|it| (it.pending, it.bytes)).collect();
    assert_eq!(counted, [(6, 60), (3, 30)]);
    assert!(stock.iter().all(|stock| stock.oldest.is_some()));
    open.close().await;

    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(location(&directory).path);
    let mut connection = options.connect().await.unwrap();
    let plan = format!("EXPLAIN QUERY PLAN {}", crate::rows::STOCK);
    let plan = sqlx::query(sqlx::AssertSqlSafe(plan));
    let plan: Vec<String> = (plan.fetch_all(&mut connection).await.unwrap().iter())
        .map(|row| row.get("detail"))
        .collect();
    assert!(
        plan.iter().all(|step| !step.starts_with("SCAN events")),
        "{plan:?}"
    );
}
