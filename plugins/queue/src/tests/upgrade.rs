//! Files of earlier versions.

use plugin_core::event::DeadLetterQuery;
use plugin_core::event::store::Suspicion;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::{Open, events, location};
use crate::config::QueueConfig;
use crate::file::QueueFile;
use crate::requests::Requests;
use crate::schema;

const LETTER: &str = r#"{"id": "00000000000000aa", "topic": "test.event", "data": 1, "event": 1,
    "source": "host", "plugin": "test-plugin", "handler": "a", "error": "refused",
    "kind": "external", "attempts": 1, "first_at": "2026-01-01T00:00:00Z",
    "last_at": "2026-01-01T00:00:00Z", "replays": 0}"#;

/// A file of the first version: two events, and a letter whose replay was asked for.
async fn first_version(directory: &TempDir) {
    let path = location(directory).path;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut connection = options.create_if_missing(true).connect().await.unwrap();
    connection.execute(schema::CREATE).await.unwrap();
    let content = format!(
        "INSERT INTO subscriptions VALUES (1, 'test-plugin', 'a', 'test.event');
        INSERT INTO events VALUES (1, 1, x'00000000000000010000000000000001', 'host', 0, NULL, '1', NULL),
            (2, 1, x'00000000000000010000000000000002', 'host', 0, NULL, '2', NULL);
        INSERT INTO dead_letters VALUES
            ('00000000000000aa', 'test-plugin', 'test.event', '{LETTER}', NULL, NULL, 1700000000000);
        PRAGMA application_id = {}; PRAGMA user_version = 1",
        schema::APPLICATION
    );
    let content = sqlx::raw_sql(AssertSqlSafe(content));
    connection.execute(content).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_file_of_the_first_version_is_upgraded_and_its_events_are_suspects() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig::default();
    first_version(&directory).await;
    let open = Open::new(&directory, &config).await;
    let stock = open.store.stock().await.unwrap();
    assert_eq!((stock[0].pending, stock[0].bytes), (2, 2));
    let pending = open.pending().await;
    let suspect = Suspicion::Suspect { crashes: 0 };
    assert!(pending.iter().all(|stored| stored.suspicion == suspect));
    let requested = Requests::default().next(&open.store).await.unwrap();
    assert_eq!(requested, ["00000000000000aa".parse().unwrap()]);
    open.handled(super::positions(&pending)).await.unwrap();
    open.append(&events(2..3)).await.unwrap();
    open.close().await;
    let open = Open::new(&directory, &config).await;
    assert_eq!(open.pending().await[0].suspicion, Suspicion::None);
    open.close().await;
}

#[tokio::test]
async fn a_command_upgrades_a_file_that_nobody_serves() {
    let directory = tempfile::tempdir().unwrap();
    first_version(&directory).await;
    let path = location(&directory).path;
    let mut file = QueueFile::open(&path).await.unwrap().unwrap();
    let page = file.list(&DeadLetterQuery::new()).await.unwrap();
    assert_eq!(page.letters[0].handler, "a");
    assert_eq!(file.stock().await.unwrap()[0].dead, 1);
}
