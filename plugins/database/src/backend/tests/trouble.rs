//! What a database that can't be used says, and for how long.

use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::*;

#[tokio::test]
async fn report_b23_a_server_that_is_gone_is_named_with_the_cause() {
    let config =
        json!({"host": "127.0.0.1", "port": 1, "database": "d", "connect_timeout": "50ms"});
    let config: DatabaseConfig = serde_json::from_value(config).unwrap();
    let error = Backend::open(&config, Path::new("/nowhere"))
        .await
        .unwrap_err();
    assert!(error.kind().is_retriable(), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("127.0.0.1:1") && text.contains("refused"),
        "{text}"
    );
}

/// A server that takes connections and says nothing, as one does that was stopped.
#[tokio::test]
async fn report_b23_a_server_that_is_silent_is_named_as_that() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let config =
        json!({"host": "127.0.0.1", "port": port, "database": "d", "connect_timeout": "50ms"});
    let config: DatabaseConfig = serde_json::from_value(config).unwrap();
    let begun = Instant::now();
    let error = Backend::open(&config, Path::new("/nowhere"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("does not answer"), "{error}");
    assert!(error.kind().is_retriable() && begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn report_b23_all_connections_in_use_is_named_as_that() {
    let (_directory, backend) =
        open(json!({"pool_size": 1, "connect_timeout": "100ms", "query_timeout": "2s"})).await;
    let slow =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) AS i FROM n";
    let (one, two) = tokio::join!(backend.query(slow, &[]), backend.query(slow, &[]));
    let errors = [one.unwrap_err(), two.unwrap_err()];
    let crowded = |error: &&plugin_core::Error| error.to_string().contains("pool_size");
    assert_eq!(errors.iter().filter(crowded).count(), 1, "{errors:?}");
    assert!(errors.iter().any(|error| error.kind().is_retriable()));
}

/// Another program that holds the lock.
async fn locked(directory: &TempDir) -> SqliteConnection {
    let path = directory.path().join("data.sqlite");
    let options = SqliteConnectOptions::new().filename(path);
    let mut other = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let lock = "BEGIN EXCLUSIVE";
    sqlx::Executor::execute(&mut other, lock).await.unwrap();
    other
}

/// Whether anybody writes or not, and however long a write may wait for the lock.
#[tokio::test]
async fn report_b23_a_lock_of_another_program_is_told_at_once() {
    let (directory, backend) = open(json!({"tables": {"notes": {"text": "text"}}})).await;
    let mut other = locked(&directory).await;
    let note = row(json!({"text": "a"}));
    let rows = [saving(1, "notes", &note)];
    let asking = async {
        for _ in 0..3 {
            let begun = Instant::now();
            let error = backend.health().await.unwrap_err();
            assert!(begun.elapsed() < Duration::from_secs(1), "{begun:?}");
            let text = error.to_string();
            for part in ["is locked", "data.sqlite", "fuser"] {
                assert!(text.contains(part), "{text}");
            }
        }
        let free = "ROLLBACK";
        sqlx::Executor::execute(&mut other, free).await.unwrap();
    };
    let saving = async {
        loop {
            match backend.save(&rows).await {
                Err(error) => assert!(error.kind().is_retriable(), "{error}"),
                Ok(saved) => break saved[0].is_ok(),
            }
        }
    };
    let (saved, ()) = tokio::join!(saving, asking);
    assert!(saved);
    backend.health().await.unwrap();
}

/// Calls wait, and none gets a connection.
#[tokio::test]
async fn report_b23_an_exhausted_pool_is_told_before_the_calls_give_up() {
    let (_directory, backend) = open(json!({"pool_size": 1, "query_timeout": "3s"})).await;
    let slow =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) AS i FROM n";
    let told = async {
        loop {
            if let Err(error) = backend.health().await {
                break error.to_string();
            }
        }
    };
    let slow = async {
        tokio::join!(
            backend.query(slow, &[]),
            backend.query("SELECT 1 AS a", &[])
        )
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told);
    let (told, (_, waited)) = tokio::join!(told, slow);
    let told = told.expect("nothing is told");
    assert!(told.contains("pool_size"), "{told}");
    assert!(waited.is_ok(), "{waited:?}");
    backend.health().await.unwrap();
}

/// Another program holds the lock: that passes, and the health does not wait for it.
#[tokio::test]
async fn report_b8_a_lock_of_another_program_passes() {
    let (directory, backend) =
        open(json!({"connect_timeout": "300ms", "tables": {"notes": {"text": "text"}}})).await;
    let mut other = locked(&directory).await;
    let note = row(json!({"text": "a"}));
    let error = backend
        .save(&[saving(1, "notes", &note)])
        .await
        .unwrap_err();
    assert!(error.kind().is_retriable(), "{error}");
    sqlx::Executor::execute(&mut other, "ROLLBACK")
        .await
        .unwrap();
    assert!(backend.save(&[saving(1, "notes", &note)]).await.unwrap()[0].is_ok());
    backend.health().await.unwrap();
}

#[tokio::test]
async fn report_b23_a_file_that_is_gone_is_not_healthy() {
    let (directory, backend) = shop().await;
    backend.health().await.unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let error = backend.health().await.unwrap_err();
    assert!(error.to_string().contains("was removed"), "{error}");
}

/// A full disk, by a limit on the pages of the file.
#[tokio::test]
async fn report_b23_a_database_that_takes_no_writes_is_not_healthy_until_it_does() {
    let (_directory, backend) = open(json!({"tables": {"notes": {"text": "text"}}})).await;
    let Backend::Sqlite(store) = &backend else {
        unreachable!("it has no host")
    };
    store
        .execute("PRAGMA max_page_count = 1", &[])
        .await
        .unwrap();
    let note = row(json!({"text": "x".repeat(100_000)}));
    let error = backend
        .save(&[saving(1, "notes", &note)])
        .await
        .unwrap_err();
    assert!(
        error.kind().is_retriable() && error.to_string().contains("full"),
        "{error}"
    );
    // The next connection has room: nothing of the failed transaction is left on it.
    let saved = backend.save(&[saving(1, "notes", &note)]).await.unwrap();
    assert!(saved[0].is_ok(), "{:?}", saved[0]);
}
