//! The whole way through SQLite; `tests/mariadb.rs` goes the same way through a server.

use plugin_core::ErrorKind;
use plugin_core::event::IdempotencyKey;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

mod limits;
mod saves;
mod trouble;

async fn open(config: Value) -> (TempDir, Backend) {
    let directory = tempfile::tempdir().unwrap();
    let config: DatabaseConfig = serde_json::from_value(config).unwrap();
    let backend = Backend::open(&config, directory.path()).await.unwrap();
    (directory, backend)
}

async fn shop() -> (TempDir, Backend) {
    open(json!({"tables": {
        "orders": {"user_id": "text", "total": "integer", "share": "real", "seal": "blob", "extra": "json"},
    }}))
    .await
}

fn row(value: Value) -> Row {
    serde_json::from_value(value).unwrap()
}

/// A row of the event of that number.
fn saving<'a>(event: u64, table: &'a str, row: &'a Row) -> Saving<'a> {
    let event = IdempotencyKey::from_u128(1 << 64 | u128::from(event)).unwrap();
    Saving { event, table, row }
}

async fn count(backend: &Backend, table: &str) -> Value {
    let count = format!("SELECT COUNT(*) AS n FROM {table}");
    backend.query(&count, &[]).await.unwrap()[0]["n"].clone()
}

#[tokio::test]
async fn a_row_comes_back_as_it_went() {
    let (_directory, backend) = shop().await;
    let order = row(
        json!({"user_id": "u'1\"; --", "total": 7, "share": 0.5, "seal": "AQID", "extra": {"a": [1]}}),
    );
    let id = backend.insert("orders", &order).await.unwrap();
    let rows = backend
        .query("SELECT * FROM orders WHERE id = ?;", &[json!(id)])
        .await
        .unwrap();
    let mut expected = order;
    expected.insert("id".into(), json!(id));
    expected.insert("extra".into(), json!(r#"{"a":[1]}"#));
    assert_eq!(rows, [expected]);
}

#[tokio::test]
async fn a_bad_row_does_not_lose_the_others() {
    let (_directory, backend) = shop().await;
    let (good, bad) = (row(json!({"total": 1})), row(json!({"total": "much"})));
    let (no_column, secret) = (row(json!({"nope": 1})), row(json!({"id": 1})));
    let rows = [
        saving(1, "orders", &good),
        saving(2, "orders", &bad),
        saving(3, "orders", &no_column),
        saving(4, "users", &secret),
        saving(5, "orders", &good),
    ];
    let saved = backend.save(&rows).await.unwrap();
    let kept: Vec<_> = saved.iter().map(Result::is_ok).collect();
    assert_eq!(kept, [true, false, false, false, true]);
    assert_eq!(count(&backend, "orders").await, json!(2));
}

#[tokio::test]
async fn a_row_that_the_database_refuses_does_not_lose_the_others() {
    let (_directory, backend) = shop().await;
    backend
        .execute("CREATE UNIQUE INDEX one ON orders (total)", &[])
        .await
        .unwrap();
    let (one, two) = (row(json!({"total": 1})), row(json!({"total": 2})));
    let saved = backend
        .save(&[
            saving(1, "orders", &one),
            saving(2, "orders", &one),
            saving(3, "orders", &two),
        ])
        .await
        .unwrap();
    let kept: Vec<_> = saved.iter().map(Result::is_ok).collect();
    assert_eq!(kept, [true, false, true]);
}

#[tokio::test]
async fn a_query_can_not_write() {
    let (_directory, backend) = shop().await;
    assert!(backend.query("DELETE FROM orders", &[]).await.is_err());
    for sql in [
        "WITH a AS (SELECT 1) DELETE FROM orders",
        "WITH a AS (SELECT 1) UPDATE orders SET total = 1",
    ] {
        let error = backend.query(sql, &[]).await.unwrap_err();
        assert!(error.to_string().contains("readonly"), "{error}");
    }
}

#[tokio::test]
async fn tables_of_plugins_are_closed_to_events() {
    let (_directory, backend) = shop().await;
    backend
        .execute("CREATE TABLE users (id VARCHAR(64), hash TEXT)", &[])
        .await
        .unwrap();
    assert_eq!(
        backend
            .insert("users", &row(json!({"id": "a"})))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        backend
            .query("SELECT id FROM users", &[])
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(backend.ask("SELECT id FROM users", &[]).await.is_err());
    assert!(
        backend
            .ask("SELECT name FROM sqlite_master", &[])
            .await
            .is_err()
    );
    assert!(backend.ask("SELECT id FROM orders", &[]).await.is_ok());
}

#[tokio::test]
async fn a_query_without_end_is_ended() {
    let (_directory, backend) = open(json!({"query_timeout": "50ms"})).await;
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";
    let error = backend.query(endless, &[]).await.unwrap_err();
    assert!(error.to_string().contains("query_timeout"), "{error}");
    backend.health().await.unwrap();
}

#[tokio::test]
async fn too_many_rows_are_an_error() {
    let (_directory, backend) = open(json!({"max_rows": 2})).await;
    assert_eq!(
        backend
            .query("SELECT 1 UNION SELECT 2", &[])
            .await
            .unwrap()
            .len(),
        2
    );
    let error = backend
        .query("SELECT 1 UNION SELECT 2 UNION SELECT 3", &[])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("max_rows"), "{error}");
}

#[tokio::test]
async fn rows_and_tables_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let config: DatabaseConfig =
        serde_json::from_value(json!({"tables": {"notes": {"text": "text"}}})).unwrap();
    for expected in 1..=3 {
        let backend = Backend::open(&config, directory.path()).await.unwrap();
        assert_eq!(
            backend
                .insert("notes", &row(json!({"text": "a"})))
                .await
                .unwrap(),
            expected
        );
        backend.close().await;
        // Whoever comes now comes between a stop and a start, which passes.
        let closed = backend.insert("notes", &row(json!({"text": "a"}))).await;
        assert!(closed.unwrap_err().kind().is_retriable());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_worth_a_retry() {
    let config =
        json!({"host": "127.0.0.1", "port": 1, "database": "d", "connect_timeout": "50ms"});
    let config: DatabaseConfig = serde_json::from_value(config).unwrap();
    let error = Backend::open(&config, Path::new("/nowhere"))
        .await
        .unwrap_err();
    assert!(error.kind().is_retriable(), "{error:?}");
}

#[tokio::test]
async fn a_file_that_can_not_be_made_is_the_operators() {
    let directory = tempfile::tempdir().unwrap();
    let config = DatabaseConfig {
        path: Some(directory.path().to_owned()),
        ..DatabaseConfig::default()
    };
    let error = Backend::open(&config, directory.path()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, _backend) = shop().await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
