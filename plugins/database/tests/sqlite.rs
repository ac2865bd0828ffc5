//! The plugin on SQLite, through a manager.

#[path = "support/journey.rs"]
mod journey;

use plugin_contracts::{DataSave, Database};
use plugin_core::event::DeadLetterQuery;
use plugin_core::lifecycle::Health;
use serde_json::json;

use journey::{journey, row, start, tables};

#[tokio::test(flavor = "multi_thread")]
async fn rows_travel_through_sqlite() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    journey(&json!({"tables": tables()}), directory.path()).await;
}

/// One bad row among good ones is one letter, and its replay saves no other row again.
#[tokio::test(flavor = "multi_thread")]
async fn report_b4_one_bad_row_is_one_letter() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let config = json!({"tables": {"orders": {"total": "integer"}}});
    let running = start(&config, directory.path()).await.expect("it starts");
    let rows = (0..300).map(|total| match total {
        150 => json!({"total": "much"}),
        _ => json!({"total": total}),
    });
    let rows = rows.map(|data| DataSave {
        table: "orders".to_owned(),
        data: row(data),
    });
    let publisher = running.publisher::<DataSave>();
    for row in rows {
        publisher.publish(row).await.expect("it is accepted");
    }
    running.idle().await;
    let letters = || async {
        let page = running.dead_letters().list(DeadLetterQuery::new()).await;
        page.expect("they are in memory").letters
    };
    let first = letters().await;
    assert_eq!(first.len(), 1);
    assert!(
        first[0].error.contains("orders.total"),
        "{}",
        first[0].error
    );
    let replayed = running.handle().dead_letters().replay(first[0].id).await;
    assert!(replayed.is_err(), "it is as bad as before");
    let second = letters().await;
    assert_eq!((second.len(), second[0].replays), (1, 1));
    assert!(second[0].key.is_some() && second[0].key == first[0].key);
    let database = running.service::<dyn Database>().expect("it is provided");
    let count = "SELECT COUNT(*) AS n, COUNT(DISTINCT total) AS d FROM orders";
    let rows = database.query(count, &[]).await.expect("it is a query");
    assert_eq!(rows, [row(json!({"n": 299, "d": 299}))]);
    assert!(running.stop().await.is_clean());
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
