//! Files that are not what they should be: said with their name, and left as they are.

use plugin_core::ErrorKind;
use sqlx::{ConnectOptions, Connection, Executor};

use super::{Open, change, event, events, location, refusal};
use crate::config::QueueConfig;
use crate::database::Location;

/// A file with events in many pages.
async fn written(location: &Location) {
    let open = Open::at(location, &QueueConfig::default()).await.unwrap();
    let many: Vec<_> = (0..200).map(|number| event(number, 500)).collect();
    open.append(&many).await.unwrap();
    open.close().await;
}

#[tokio::test]
async fn flipped_bytes_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    written(&location).await;
    change(&location.path, |bytes| {
        let third = bytes.len() / 4096 / 3 * 4096;
        for byte in &mut bytes[third..third + 64] {
            *byte = !*byte;
        }
    });
    let error = refusal(&location).await;
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    written(&location).await;
    change(&location.path, |bytes| bytes.truncate(bytes.len() / 2));
    let error = refusal(&location).await;
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[tokio::test]
async fn another_text_is_no_queue() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    std::fs::write(&location.path, "name,total\n".repeat(1000)).unwrap();
    let error = refusal(&location).await;
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[tokio::test]
async fn another_database_is_no_queue() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&location.path);
    let mut connection = options.create_if_missing(true).connect().await.unwrap();
    connection
        .execute("CREATE TABLE orders (id INTEGER)")
        .await
        .unwrap();
    connection.close().await.unwrap();
    let error = refusal(&location).await;
    assert!(
        error.to_string().contains("no queue of this service"),
        "{error}"
    );
}

#[tokio::test]
async fn a_later_version_is_not_touched() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    written(&location).await;
    // `user_version` is the big-endian number at byte 60 of the header.
    change(&location.path, |bytes| {
        bytes[60..64].copy_from_slice(&[0, 0, 0, 9])
    });
    let error = refusal(&location).await;
    assert!(error.to_string().contains("a later version"), "{error}");
}

#[tokio::test]
async fn a_log_without_its_file_is_not_thrown_away() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    let log = directory.path().join("queue.db-wal");
    std::fs::write(&log, "events").unwrap();
    let error = refusal(&location).await;
    assert!(error.to_string().contains("put the file back"), "{error}");
    assert!(!location.path.exists() && log.exists());
}

#[tokio::test]
async fn a_file_whose_maker_was_killed_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let location = location(&directory);
    std::fs::write(&location.path, "").unwrap();
    let open = Open::at(&location, &QueueConfig::default()).await.unwrap();
    open.append(&events(0..1)).await.unwrap();
    open.close().await;
}
