//! A disk without room, and a file that another process serves.

use plugin_core::ErrorKind;

use sqlx::{Connection, Executor};
use std::time::Duration;
use tokio::time::{Instant, timeout};

use super::{Open, event, events, location, refusal};
use crate::config::QueueConfig;
use crate::health;

#[tokio::test]
async fn a_full_disk_is_an_error_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let mut location = location(&directory);
    location.max_pages = Some(24);
    let open = Open::at(&location, &QueueConfig::default()).await.unwrap();
    let mut stored = Vec::new();
    let error = loop {
        let number = stored.len() as u128;
        match open.append(&[event(number, 4_000)]).await {
            Ok(positions) => stored.extend(positions),
            Err(error) => break error,
        }
    };
    assert!(error.kind().is_retriable(), "{error}");
    assert!(error.to_string().contains("full"), "{error}");
    assert!(
        health::check(&open.store).await.is_ok(),
        "a small write has room"
    );
    assert_eq!(open.pending().await.len(), stored.len(), "nothing is lost");
    open.handled(stored).await.unwrap();
    open.append(&[event(99, 4_000)]).await.unwrap();
    assert_eq!(open.store.gauge().failure().clone(), None);
    open.close().await;
}

#[tokio::test]
async fn report_b9_a_file_that_was_removed_takes_no_events() {
    let directory = tempfile::tempdir().unwrap();
    let path = location(&directory).path;
    let open = Open::new(&directory, &QueueConfig::default()).await;
    open.append(&events(0..1)).await.unwrap();
    let kept = directory.path().join("kept");
    std::fs::rename(&path, &kept).unwrap();
    let error = open.append(&events(1..2)).await.unwrap_err();
    assert!(error.kind().is_retriable(), "{error}");
    assert!(error.to_string().contains("was removed"), "{error}");
    assert!(health::check(&open.store).await.is_err());
    std::fs::rename(&kept, &path).unwrap();
    assert!(health::check(&open.store).await.is_ok());
    open.append(&events(1..2)).await.unwrap();
    assert_eq!(open.pending().await.len(), 2);
    open.close().await;
}

#[tokio::test]
async fn one_process_serves_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig::default();
    let open = Open::new(&directory, &config).await;
    open.append(&events(0..1)).await.unwrap();
    let error = refusal(&location(&directory)).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("another process serves"),
        "{error}"
    );
    open.close().await;
    let open = Open::new(&directory, &config).await;
    assert_eq!(open.pending().await.len(), 1);
    open.close().await;
}

#[tokio::test]
async fn report_a15_its_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let location = crate::database::Location::new(directory.path().join("new/deep/queue.db"));
    let open = Open::at(&location, &QueueConfig::default()).await.unwrap();
    open.append(&events(0..1)).await.unwrap();
    let mode = |path: &str| {
        let path = directory.path().join("new").join(path);
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    assert_eq!([mode(""), mode("deep")], [0o700; 2]);
    for file in ["queue.db", "queue.db-wal", "queue.db-shm", "queue.db.lock"] {
        assert_eq!(mode(&format!("deep/{file}")), 0o600, "{file}");
    }
    open.close().await;
}

/// Whether anybody writes or not, and however long a write may wait for the lock.
#[tokio::test]
async fn report_b9_a_lock_of_another_process_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let mut other = location(&directory).open_in_haste().await.unwrap();
    let locked = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let late = events(0..1);
    let asking = async {
        for _ in 0..3 {
            let began = Instant::now();
            let error = health::check(&open.store).await.unwrap_err().to_string();
            assert!(began.elapsed() < Duration::from_secs(1), "{began:?}");
            for part in ["is locked by another process", "queue.db", "fuser"] {
                assert!(error.contains(part), "{error}");
            }
        }
        locked.rollback().await.unwrap();
    };
    let (stored, ()) = tokio::join!(open.append(&late), asking);
    assert_eq!(stored.unwrap().len(), 1, "it waited");
    health::check(&open.store).await.unwrap();
    open.close().await;
}

/// Who writes has the lock for as long as that takes, and is not in its own way.
#[tokio::test]
async fn report_b9_a_lock_of_ones_own_is_no_trouble() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let mut own = location(&directory).open_in_haste().await.unwrap();
    own.execute("BEGIN IMMEDIATE").await.unwrap();
    open.store.gauge().holds_the_lock(true);
    health::check(&open.store).await.unwrap();
    own.execute("ROLLBACK").await.unwrap();
    open.close().await;
}

/// A stop waits for no lock of another process: who waits is told, and the file is left.
#[tokio::test]
async fn report_b7_a_stop_does_not_wait_for_the_lock_of_another_process() {
    let directory = tempfile::tempdir().unwrap();
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let given = open.append(&events(0..1)).await.unwrap();
    let mut other = location(&directory).open_in_haste().await.unwrap();
    let locked = other.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    let (store, late) = (std::sync::Arc::clone(&open.store), events(1..2));
    let name = super::name("a");
    let stopped = async {
        open.store.hurry().await.unwrap();
        open.close().await;
    };
    let ended = async { tokio::join!(store.append(&name, &late), stopped) };
    let (late, ()) = timeout(Duration::from_secs(3), ended)
        .await
        .expect("it waits");
    assert!(late.unwrap_err().to_string().contains("locked"));
    locked.rollback().await.unwrap();
    drop((store, other));
    let open = Open::new(&directory, &QueueConfig::default()).await;
    assert_eq!(super::positions(&open.pending().await), given);
    open.close().await;
}
