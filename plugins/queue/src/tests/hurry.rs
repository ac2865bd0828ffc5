//! A commit that waits for more does so no longer than until a stop.

use std::sync::Arc;
use std::time::Duration;

use plugin_core::config::Period;

use super::{Open, events, name};
use crate::config::QueueConfig;

const LIMIT: Duration = Duration::from_secs(60);

/// A queue whose commits wait for an hour.
async fn patient(directory: &tempfile::TempDir) -> Open {
    let config = QueueConfig {
        commit_interval: Period::seconds(3_600),
        ..QueueConfig::default()
    };
    Open::new(directory, &config).await
}

#[tokio::test]
async fn report_b7_closing_cuts_the_waiting_of_a_commit_short() {
    let directory = tempfile::tempdir().unwrap();
    let open = patient(&directory).await;
    let store = Arc::clone(&open.store);
    let events = events(0..2);
    let name = name("a");
    let appended = async {
        let (appended, ()) = tokio::join!(store.append(&name, &events), open.close());
        appended
    };
    let appended = tokio::time::timeout(LIMIT, appended)
        .await
        .expect("it waits");
    assert_eq!(
        appended.unwrap().len(),
        2,
        "what was asked for before is written"
    );
}

#[tokio::test]
async fn report_b7_nothing_waits_for_more_once_the_system_is_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let open = patient(&directory).await;
    open.store.hurry().await.unwrap();
    let done = async {
        let given = open.append(&events(0..2)).await.unwrap();
        open.handled(given).await.unwrap();
        open.close().await;
    };
    tokio::time::timeout(LIMIT, done).await.expect("it waits");
}
