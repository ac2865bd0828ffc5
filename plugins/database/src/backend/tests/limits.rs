//! A query takes no more memory and no more time than the config allows, and leaves its connection
//! as it was.

use std::time::{Duration, Instant};

use super::*;

const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n";

async fn notes(more: Value) -> (TempDir, Backend) {
    let mut config = json!({"tables": {"notes": {"text": "text", "user": "text"}}});
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    open(config).await
}

#[tokio::test]
async fn report_a5_a_result_has_a_bounded_number_of_bytes() {
    let (_directory, backend) = notes(json!({"max_result_bytes": 1000})).await;
    for _ in 0..20 {
        let note = row(json!({"text": "x".repeat(90)}));
        backend.insert("notes", &note).await.unwrap();
    }
    let ask = "SELECT text FROM notes LIMIT ?";
    assert_eq!(backend.ask(ask, &[json!(9)]).await.unwrap().len(), 9);
    // Many rows, and one value that is put together.
    for (query, params) in [
        (ask, vec![json!(20)]),
        (
            "SELECT a || a || a AS b FROM (SELECT text || text || text || text AS a FROM notes) AS t",
            vec![],
        ),
    ] {
        let error = backend.ask(query, &params).await.unwrap_err();
        assert!(error.to_string().contains("max_result_bytes"), "{error}");
        assert!(!error.kind().is_retriable());
    }
    // A plugin's own queries have the same bound.
    let error = backend
        .query("SELECT zeroblob(5000) AS z", &[])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("max_result_bytes"), "{error}");
    assert_eq!(backend.ask(ask, &[json!(9)]).await.unwrap().len(), 9);
}

#[tokio::test]
async fn report_a5_a_value_of_an_event_has_a_bounded_number_of_bytes() {
    let (_directory, backend) = notes(json!({"max_value_bytes": 10})).await;
    let (fits, long) = (
        row(json!({"text": "x".repeat(10)})),
        row(json!({"text": "x".repeat(11)})),
    );
    let rows = [saving(1, "notes", &fits), saving(2, "notes", &long)];
    let saved = backend.save(&rows).await.unwrap();
    assert!(saved[0].is_ok());
    let error = saved[1].as_ref().unwrap_err().to_string();
    assert!(
        error.contains("`notes.text`") && error.contains("max_value_bytes"),
        "{error}"
    );
    let ask = "SELECT id FROM notes WHERE text = ?";
    let error = backend
        .ask(ask, &[json!("x".repeat(11))])
        .await
        .unwrap_err();
    assert!(error.to_string().contains("max_value_bytes"), "{error}");
}

#[tokio::test]
async fn report_a6_a_query_ends_at_its_limit_and_its_connection_goes_on() {
    let (_directory, backend) = notes(json!({"query_timeout": "50ms", "pool_size": 2})).await;
    for total in 0..60 {
        let note = row(json!({"text": total.to_string()}));
        backend.insert("notes", &note).await.unwrap();
    }
    let events = "SELECT COUNT(*) AS n FROM notes a, notes b, notes c, notes d, notes e, notes f";
    for _ in 0..3 {
        let begun = Instant::now();
        let (one, two) = tokio::join!(backend.ask(events, &[]), backend.ask(events, &[]));
        for error in [one.unwrap_err(), two.unwrap_err()] {
            assert!(error.to_string().contains("query_timeout"), "{error}");
            assert_eq!(error.kind(), ErrorKind::External { retriable: false });
        }
        // By the progress handler, not by the grace after which this side gives up.
        assert!(
            begun.elapsed() < Duration::from_secs(1),
            "{:?}",
            begun.elapsed()
        );
    }
    assert_eq!(
        backend
            .ask("SELECT COUNT(*) AS n FROM notes", &[])
            .await
            .unwrap()[0]["n"],
        json!(60)
    );
}

#[tokio::test]
async fn report_a6_a_write_of_a_plugin_ends_at_its_limit_too() {
    let (_directory, backend) = notes(json!({"query_timeout": "50ms"})).await;
    let endless = format!("INSERT INTO notes (text) {ENDLESS}");
    let error = backend.execute(&endless, &[]).await.unwrap_err();
    assert!(error.kind().is_retriable(), "{error}");
    backend
        .insert("notes", &row(json!({"text": "a"})))
        .await
        .unwrap();
    assert_eq!(count(&backend, "notes").await, json!(1));
}

/// Whoever asked is gone: the work ends, and the connection is not lost.
#[tokio::test]
async fn report_a6_a_query_that_is_given_up_keeps_no_connection() {
    let (_directory, backend) = notes(json!({"query_timeout": "20s", "pool_size": 1})).await;
    for _ in 0..3 {
        let given_up = tokio::time::timeout(Duration::from_millis(50), backend.query(ENDLESS, &[]));
        assert!(given_up.await.is_err());
    }
    let begun = Instant::now();
    backend.query("SELECT 1 AS one", &[]).await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn report_b14_two_columns_of_one_name_are_an_error() {
    let (_directory, backend) = notes(json!({})).await;
    let note = row(json!({"text": "a", "user": "u"}));
    backend.insert("notes", &note).await.unwrap();
    for query in [
        "SELECT 1 AS a, 2 AS a",
        "SELECT text, user AS text FROM notes",
        "SELECT a.id, b.id FROM notes a JOIN notes b ON a.id = b.id",
        "SELECT * FROM notes a JOIN notes b ON a.id = b.id",
        "SELECT 1, 1",
    ] {
        for asked in [
            backend.ask(query, &[]).await,
            backend.query(query, &[]).await,
        ] {
            let error = asked.expect_err(query).to_string();
            assert!(
                error.contains("two columns") && error.contains("`AS`"),
                "{error}"
            );
        }
    }
    let rows = backend
        .ask("SELECT COUNT(*), 1 AS a, 2 AS A FROM notes", &[])
        .await
        .unwrap();
    assert_eq!(rows, [row(json!({"COUNT(*)": 1, "a": 1, "A": 2}))]);
}

/// What is listed is all there is, also for `*`; a name that is no column is an error, no text.
#[tokio::test]
async fn report_a4_a_column_that_is_not_listed_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        |columns: Value| serde_json::from_value(json!({"tables": {"notes": columns}})).unwrap();
    let wide = config(json!({"text": "text", "hidden": "text"}));
    let backend = Backend::open(&wide, directory.path()).await.unwrap();
    let note = row(json!({"text": "a", "hidden": "h"}));
    backend.insert("notes", &note).await.unwrap();
    backend.close().await;

    let narrow = config(json!({"text": "text"}));
    let backend = Backend::open(&narrow, directory.path()).await.unwrap();
    let rows = backend.ask("SELECT * FROM notes", &[]).await.unwrap();
    assert_eq!(rows, [row(json!({"id": 1, "text": "a"}))]);
    for query in [
        "SELECT hidden FROM notes",
        "SELECT \"hidden\" FROM notes",
        "SELECT notes.hidden FROM notes",
        "SELECT id FROM notes WHERE hidden = 'h'",
    ] {
        let error = backend.ask(query, &[]).await.expect_err(query);
        assert!(error.to_string().contains("no such column"), "{error}");
    }
    let saved = backend.save(&[saving(1, "notes", &note)]).await.unwrap();
    assert!(
        saved[0]
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("no column `hidden`")
    );
}
