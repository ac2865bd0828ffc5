//! Events and service calls through a manager: the same for both databases.

use std::path::Path;
use std::sync::{Arc, Mutex};

use plugin_contracts::{DataQuery, DataQueryResult, DataSave, DataSaved, Database, Row};
use plugin_core::Plugin;
use plugin_core::config::Sources;
use plugin_core::lifecycle::{Manager, Running, StartError};
use plugin_core::prelude::*;
use plugin_core::{Composition, event::SubscriptionHandle};
use plugin_database::SqlDatabase;
use serde_json::{Value, json};

/// Starts the plugin alone.
pub(crate) async fn start(config: &Value, data_dir: &Path) -> Result<Running, StartError> {
    let composition =
        Composition::assemble(&[SqlDatabase::DESCRIPTOR]).expect("it needs no other plugin");
    Manager::builder(&composition)
        .sources(Sources::new().set(["plugin_manager", "health_interval"], "200ms"))
        .plugin_config("database-plugin", config.clone())
        .data_dir(data_dir)
        .configure()
        .expect("the config is good")
        .start()
        .await
}

/// The tables that events of the journey use.
pub(crate) fn tables() -> Value {
    json!({"orders": {"user": "text", "total": "integer", "share": "real", "seal": "blob", "extra": "json"}})
}

pub(crate) fn row(value: Value) -> Row {
    serde_json::from_value(value).expect("it is an object")
}

fn save(table: &str, data: Value) -> DataSave {
    DataSave {
        table: table.to_owned(),
        data: row(data),
    }
}

/// What was published, as it comes.
struct Heard<E> {
    events: Arc<Mutex<Vec<E>>>,
    _subscription: SubscriptionHandle,
}

impl<E: Event + Clone> Heard<E> {
    fn on(running: &Running) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let subscription = running.subscriber().subscribe(move |event: &Envelope<E>| {
            heard
                .lock()
                .expect("no test panics here")
                .push(event.event().clone());
        });
        let _subscription = subscription.expect("the owner may subscribe");
        Self {
            events,
            _subscription,
        }
    }

    fn take(&self) -> Vec<E> {
        std::mem::take(&mut self.events.lock().expect("no test panics here"))
    }
}

/// Saves, asks, is refused what it should be, and finds everything again after a restart.
pub(crate) async fn journey(config: &Value, data_dir: &Path) {
    let running = start(config, data_dir).await.expect("it starts");
    events(&running).await;
    bad_rows(&running).await;
    service(&running).await;
    closed_tables(&running).await;
    assert!(running.stop().await.is_clean());

    let running = start(config, data_dir).await.expect("it starts again");
    let database = running.service::<dyn Database>().expect("it is provided");
    let rows = database
        .query("SELECT COUNT(*) AS n FROM orders", &[])
        .await;
    assert_eq!(rows.expect("the table is there")[0]["n"], json!(103));
    assert!(running.stop().await.is_clean());
}

async fn events(running: &Running) {
    let saved = Heard::<DataSaved>::on(running);
    let found = Heard::<DataQueryResult>::on(running);
    let order = json!({"user": "欢迎 '); --", "total": 7, "share": 0.5, "seal": "AQID", "extra": {"a": [1]}});
    running
        .publisher()
        .publish(save("orders", order))
        .await
        .expect("it is accepted");
    running.idle().await;
    let saved = saved.take();
    assert_eq!(saved.len(), 1);
    assert_eq!((saved[0].table.as_str(), saved[0].id), ("orders", 1));

    let query = "SELECT user, total, share, seal, extra FROM orders WHERE user = ? AND total = ?"
        .to_owned();
    let params = vec![json!("欢迎 '); --"), json!(7)];
    running
        .publisher()
        .publish(DataQuery {
            query: query.clone(),
            params,
        })
        .await
        .expect("it is accepted");
    running.idle().await;
    let expected = json!({"user": "欢迎 '); --", "total": 7, "share": 0.5, "seal": "AQID", "extra": r#"{"a":[1]}"#});
    assert_eq!(
        found.take(),
        [DataQueryResult {
            query,
            results: vec![row(expected)]
        }]
    );
}

/// A hundred good rows among bad ones, published at once: each good one is saved.
async fn bad_rows(running: &Running) {
    let saved = Heard::<DataSaved>::on(running);
    let publisher = running.publisher::<DataSave>();
    for total in 0..100 {
        publisher
            .publish(save("orders", json!({"total": total})))
            .await
            .expect("it is accepted");
        publisher
            .publish(save("orders", json!({"total": "much"})))
            .await
            .expect("it is accepted");
        publisher
            .publish(save("nowhere", json!({"total": 1})))
            .await
            .expect("it is accepted");
    }
    running.idle().await;
    let ids: Vec<_> = saved.take().into_iter().map(|saved| saved.id).collect();
    assert_eq!(ids.len(), 100);
    assert!(ids.is_sorted(), "{ids:?}");

    let outcomes = publisher
        .publish_and_wait(save("orders", json!({"nope; DROP TABLE orders": 1})))
        .await;
    let outcomes = outcomes.expect("it is accepted");
    let error = outcomes[0]
        .result
        .as_ref()
        .expect_err("there is no such column")
        .to_string();
    assert!(
        error.contains("no column `nope; DROP TABLE orders`"),
        "{error}"
    );
}

async fn service(running: &Running) {
    let database = running.service::<dyn Database>().expect("it is provided");
    let create = "CREATE TABLE secrets (id VARCHAR(64) NOT NULL PRIMARY KEY, text VARCHAR(255))";
    database
        .execute(create, &[])
        .await
        .expect("a plugin may make tables");
    database
        .insert("secrets", &row(json!({"id": "a", "text": "hush"})))
        .await
        .expect("it is known at once");
    let replace = "REPLACE INTO secrets (id, text) VALUES (?, ?)";
    database
        .execute(replace, &[json!("a"), json!("hush!")])
        .await
        .expect("both databases know it");
    let rows = database
        .query("SELECT * FROM secrets WHERE id = ?", &[json!("a")])
        .await;
    assert_eq!(
        rows.expect("it is there"),
        [row(json!({"id": "a", "text": "hush!"}))]
    );
    let twice = database
        .insert("secrets", &row(json!({"id": "a"})))
        .await
        .expect_err("the key is taken");
    assert_eq!(
        twice.kind(),
        ErrorKind::External { retriable: false },
        "{twice}"
    );
    let changed = database
        .execute(
            "UPDATE orders SET share = ? WHERE total < ?",
            &[json!(0.25), json!(2)],
        )
        .await;
    assert_eq!(changed.expect("it is a statement"), 2);
    for write in [
        "DELETE FROM orders",
        "SELECT 1; DELETE FROM orders",
        "SELECT 1 INTO OUTFILE 'x'",
    ] {
        assert!(database.query(write, &[]).await.is_err(), "{write}");
    }
    for share in [json!(1), json!(null)] {
        let order = row(json!({"user": "ann", "share": share}));
        database.insert("orders", &order).await.expect("it fits");
    }
}

/// What plugins keep for themselves is neither read nor written by events.
async fn closed_tables(running: &Running) {
    let query = |query: &str| DataQuery {
        query: query.to_owned(),
        params: Vec::new(),
    };
    for names in [
        "SELECT * FROM secrets",
        "SELECT * FROM `SECRETS`",
        "SELECT * FROM information_schema.tables",
    ] {
        let outcomes = running
            .publisher()
            .publish_and_wait(query(names))
            .await
            .expect("it is accepted");
        let error = outcomes[0].result.as_ref().expect_err(names);
        assert!(error.to_string().contains("not open to events"), "{error}");
    }
    let write = save("secrets", json!({"id": "b"}));
    let outcomes = running
        .publisher()
        .publish_and_wait(write)
        .await
        .expect("it is accepted");
    assert!(outcomes[0].result.is_err());
}
