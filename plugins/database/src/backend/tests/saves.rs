//! A `data.save` that is delivered again is not saved again.

use super::*;

#[tokio::test]
async fn report_b4_an_event_that_comes_again_is_saved_once() {
    let (directory, backend) = shop().await;
    let (one, two) = (row(json!({"total": 1})), row(json!({"total": 2})));
    let first = backend
        .save(&[saving(1, "orders", &one), saving(2, "orders", &two)])
        .await;
    let first: Vec<_> = first.unwrap().into_iter().map(Result::unwrap).collect();
    // In a later process, with a new event, and twice in one batch.
    backend.close().await;
    let config: DatabaseConfig =
        serde_json::from_value(json!({"tables": {"orders": {"total": "integer"}}})).unwrap();
    let backend = Backend::open(&config, directory.path()).await.unwrap();
    let again = [
        saving(2, "orders", &two),
        saving(3, "orders", &one),
        saving(1, "orders", &one),
        saving(3, "orders", &one),
    ];
    let again = backend.save(&again).await.unwrap();
    let again: Vec<_> = again.into_iter().map(Result::unwrap).collect();
    assert_eq!(again, [first[1], 3, first[0], 3]);
    assert_eq!(count(&backend, "orders").await, json!(3));
}

/// A row that was refused has to be tried again when it comes again.
#[tokio::test]
async fn report_b4_a_refused_row_is_not_remembered() {
    let (_directory, backend) = shop().await;
    let (bad, good) = (row(json!({"total": "much"})), row(json!({"total": 1})));
    let saved = backend.save(&[saving(1, "orders", &bad)]).await.unwrap();
    assert!(saved[0].is_err());
    let saved = backend.save(&[saving(1, "orders", &good)]).await.unwrap();
    assert!(saved[0].is_ok());
}

#[tokio::test]
async fn only_so_many_events_are_remembered() {
    let (_directory, backend) =
        open(json!({"remembered_saves": 10, "tables": {"orders": {"total": "integer"}}})).await;
    let order = row(json!({"total": 1}));
    for event in 0..100 {
        backend
            .save(&[saving(event, "orders", &order)])
            .await
            .unwrap();
    }
    assert_eq!(count(&backend, crate::memory::TABLE).await, json!(10));
    backend.save(&[saving(95, "orders", &order)]).await.unwrap();
    assert_eq!(count(&backend, "orders").await, json!(100));
}

#[tokio::test]
async fn the_memory_is_closed_to_events() {
    let (_directory, backend) = shop().await;
    let ask = "SELECT event FROM database_plugin_saves";
    assert!(backend.ask(ask, &[]).await.is_err());
    let config = json!({"tables": {"Database_Plugin_Saves": {"a": "text"}}});
    let read = serde_json::from_value::<DatabaseConfig>(config);
    let error = read.unwrap_err().to_string();
    assert!(error.contains("a table of the plugin's own"), "{error}");
}
