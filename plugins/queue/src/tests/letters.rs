//! Dead letters in great numbers: what is done with them costs what they are, and no more.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use plugin_core::event::store::{Settled, Settlement};
use plugin_core::event::{DeadLetter, DeadLetterId, DeadLetterQuery};
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use super::{Open, events, location, name};
use crate::choice::Letters;
use crate::config::QueueConfig;
use crate::file::QueueFile;

fn id(number: u64) -> DeadLetterId {
    format!("{number:016x}").parse().unwrap()
}

fn letter(number: u64) -> DeadLetter {
    let letter = json!({
        "id": id(number), "topic": "test.event", "data": {"number": number}, "event": number,
        "source": "host", "plugin": "test-plugin", "handler": "a", "error": "refused",
        "kind": "external", "attempts": 1, "first_at": "2026-01-01T00:00:00Z",
        "last_at": "2026-01-01T00:00:00Z", "replays": 0,
    });
    serde_json::from_value(letter).unwrap()
}

/// A file with so many letters.
async fn file(directory: &TempDir, letters: u64) -> QueueFile {
    let open = Open::new(directory, &QueueConfig::default()).await;
    open.append(&events(0..1)).await.unwrap();
    open.close().await;
    let path = location(directory).path;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
    let mut connection = options.connect().await.unwrap();
    let letter = serde_json::to_string(&letter(0)).unwrap();
    let sql = format!(
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {letters})
        INSERT INTO dead_letters (id, plugin, handler, topic, letter)
        SELECT format('%016x', n), 'test-plugin', 'a', 'test.event',
            json_set('{letter}', '$.id', format('%016x', n)) FROM numbers"
    );
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
    QueueFile::open(&path).await.unwrap().unwrap()
}

/// Steps of SQLite's machine that something takes.
async fn steps<T>(file: &mut QueueFile, work: impl AsyncFnOnce(&mut QueueFile) -> T) -> (u64, T) {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let mut handle = file.connection().lock_handle().await.unwrap();
    handle.set_progress_handler(1, move || {
        counted.fetch_add(1, Relaxed);
        true
    });
    drop(handle);
    let done = work(file).await;
    file.connection()
        .lock_handle()
        .await
        .unwrap()
        .remove_progress_handler();
    (steps.load(Relaxed), done)
}

/// All pages of a list.
async fn pages(file: &mut QueueFile) -> usize {
    let mut query = DeadLetterQuery::new().plugin("test-plugin").limit(100);
    let mut listed = 0;
    loop {
        let page = file.list(&query).await.unwrap();
        listed += page.letters.len();
        match page.next {
            Some(next) => query = query.after(next),
            None => return listed,
        }
    }
}

#[tokio::test]
async fn report_b18_twice_the_letters_are_twice_the_work() {
    let mut costs = Vec::new();
    for count in [2_500_u64, 10_000] {
        let directory = tempfile::tempdir().unwrap();
        let mut file = file(&directory, count).await;
        let wanted = DeadLetterQuery::new().topic("test.event");
        let all = Letters::Wanted(wanted.clone());
        let named = Letters::Ids((1..=count).map(id).collect());
        let (list, listed) = steps(&mut file, pages).await;
        assert_eq!(listed as u64, count);
        let (total, found) = steps(&mut file, async |file| file.total(&wanted).await).await;
        assert_eq!(found.unwrap(), count);
        let (stock, _) = steps(&mut file, async |file| file.stock().await).await;
        let (replay, asked) = steps(&mut file, async |file| file.replay(&all).await).await;
        assert_eq!(asked.unwrap().len() as u64, count);
        let (drop, gone) = steps(&mut file, async |file| file.drop(&named).await).await;
        assert_eq!(gone.unwrap().len() as u64, count);
        costs.push([list, total, stock, replay, drop]);
    }
    for (few, many) in costs[0].iter().zip(costs[1]) {
        // Four times as many; what is done once for all makes it less.
        assert!(many <= few * 5, "{costs:?}");
    }
}

#[tokio::test]
async fn a_choice_is_by_ids_or_by_what_is_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = file(&directory, 5_000).await;
    let none = DeadLetterQuery::new().plugin("other-plugin");
    assert!(file.drop(&Letters::Wanted(none)).await.unwrap().is_empty());
    let some = Letters::Ids(vec![id(7), id(9_999), id(3)]);
    let dropped = file.drop(&some).await.unwrap();
    let ids: Vec<_> = dropped.iter().map(|letter| letter.id).collect();
    assert_eq!(ids, [id(3), id(7)]);
    let rest = DeadLetterQuery::new().plugin("test-plugin");
    assert_eq!(file.total(&rest).await.unwrap(), 4_998);
    let rest = file.drop(&Letters::Wanted(rest)).await.unwrap();
    assert_eq!(rest.len(), 4_998);
}

#[tokio::test]
async fn report_b17_letters_are_bounded_in_the_commit_that_keeps_them() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig {
        max_dead_letters: 10,
        ..QueueConfig::default()
    };
    let open = Open::new(&directory, &config).await;
    open.store
        .keep((1..=8).map(letter).collect())
        .await
        .unwrap();
    // Two of them are there already.
    open.store
        .keep((7..=12).map(letter).collect())
        .await
        .unwrap();
    assert_eq!(kept(&directory).await, (3..=12).map(id).collect::<Vec<_>>());

    let given = open.append(&events(0..20)).await.unwrap();
    let dead = |(position, number): (u64, u64)| Settled {
        position,
        end: Settlement::Dead(Box::new(letter(number))),
    };
    let settled: Vec<_> = given.into_iter().zip(20..).map(dead).collect();
    let before = open.store.gauge().transactions();
    open.store.settle(&name("a"), &settled).await.unwrap();
    assert_eq!(open.store.gauge().transactions(), before + 1);
    assert_eq!(kept(&directory).await, (30..40).map(id).collect::<Vec<_>>());
    assert!(open.pending().await.is_empty());
    open.close().await;
}

#[tokio::test]
async fn letters_that_a_command_drops_make_room() {
    let directory = tempfile::tempdir().unwrap();
    let config = QueueConfig {
        max_dead_letters: 4,
        ..QueueConfig::default()
    };
    let open = Open::new(&directory, &config).await;
    open.store
        .keep((1..=4).map(letter).collect())
        .await
        .unwrap();
    let path = location(&directory).path;
    let mut beside = QueueFile::open(&path).await.unwrap().unwrap();
    let dropped = beside.drop(&Letters::Ids(vec![id(2), id(3)])).await;
    assert_eq!(dropped.unwrap().len(), 2);
    open.store
        .keep((5..=6).map(letter).collect())
        .await
        .unwrap();
    assert_eq!(kept(&directory).await, [1, 4, 5, 6].map(id));
    open.close().await;
}

async fn kept(directory: &TempDir) -> Vec<DeadLetterId> {
    let path = location(directory).path;
    let mut file = QueueFile::open(&path).await.unwrap().unwrap();
    let page = file.list(&DeadLetterQuery::new()).await.unwrap();
    page.letters.iter().map(|letter| letter.id).collect()
}

#[tokio::test]
async fn a_request_is_told_of_once_and_again_to_the_next_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = {
        let mut file = file(&directory, 3).await;
        file.replay(&Letters::Ids(vec![id(1), id(3)]))
            .await
            .unwrap();
        location(&directory).path
    };
    let open = Open::new(&directory, &QueueConfig::default()).await;
    let requests = crate::requests::Requests::default();
    assert_eq!(requests.next(&open.store).await.unwrap(), [id(1), id(3)]);
    let mut beside = QueueFile::open(&path).await.unwrap().unwrap();
    beside.replay(&Letters::Ids(vec![id(2)])).await.unwrap();
    assert_eq!(requests.next(&open.store).await.unwrap(), [id(2)]);
    // One is answered, and one was kept again.
    open.store.answered(&[id(1)]).await.unwrap();
    open.store.keep(vec![letter(3)]).await.unwrap();
    let next = crate::requests::Requests::default();
    assert_eq!(next.next(&open.store).await.unwrap(), [id(2)]);
    open.close().await;
}
