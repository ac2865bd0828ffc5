//! `DatabasePlugin`, on SQLite; `plugins/database/tests` drives the same on a MariaDB server.

use plugin_contracts::{DataQuery, DataQueryResult, DataSave, DataSaved, Database};
use plugin_core::Plugin;
use plugin_database::SqlDatabase;
use serde_json::{Map, Value, json};

use crate::heard::Heard;
use crate::rig::{Rig, status};

fn row(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

fn save(total: i64) -> DataSave {
    DataSave {
        table: "orders".to_owned(),
        data: row(json!({"user": "12345", "total": total})),
    }
}

fn rig() -> Rig {
    let tables = json!({"tables": {"orders": {"user": "text", "total": "integer"}}});
    Rig::new(&[SqlDatabase::DESCRIPTOR]).config("database-plugin", tables)
}

#[tokio::test(flavor = "multi_thread")]
async fn data_save_and_data_query_are_answered_with_events() {
    let running = rig().start().await;
    assert_eq!(status(&running, "database-plugin").version, "2.1.0");
    let saved = Heard::<DataSaved>::on(&running);
    let found = Heard::<DataQueryResult>::on(&running);
    for total in [10, 20] {
        running.publisher().publish(save(total)).await.unwrap();
    }
    running.idle().await;
    let saved: Vec<_> = saved.take().iter().map(|saved| saved.id).collect();
    assert_eq!(saved, [1, 2]);

    let query = "SELECT user, total FROM orders WHERE total > ?".to_owned();
    let params = vec![json!(15)];
    let asked = DataQuery {
        query: query.clone(),
        params,
    };
    running.publisher().publish(asked).await.unwrap();
    running.idle().await;
    let results = vec![row(json!({"user": "12345", "total": 20}))];
    assert_eq!(found.take(), [DataQueryResult { query, results }]);
    assert!(running.stop().await.is_clean());
}

/// `Failed to save data`: the error is that event's, and `data.saved` is not published.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_can_not_be_saved_is_an_error_of_its_event() {
    let running = rig().start().await;
    let saved = Heard::<DataSaved>::on(&running);
    let mut wrong = save(1);
    wrong.table = "orders; DROP TABLE orders".to_owned();
    let outcomes = running.publisher().publish_and_wait(wrong).await.unwrap();
    assert!(outcomes[0].result.is_err());
    assert!(saved.take().is_empty());
    assert_eq!(status(&running, "database-plugin").events.errors, 1);
    assert!(running.stop().await.is_clean());
}

/// `Registry().RegisterService("database", db)`.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_service_as_well() {
    let running = rig().start().await;
    let database = running.service::<dyn Database>().unwrap();
    let order = row(json!({"user": "12345", "total": 30}));
    assert_eq!(database.insert("orders", &order).await.unwrap(), 1);
    let count = database.query("SELECT COUNT(*) AS n FROM orders", &[]);
    assert_eq!(count.await.unwrap()[0]["n"], json!(1));
    assert!(running.stop().await.is_clean());
}
