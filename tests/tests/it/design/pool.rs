//! `ConnectionPool`: a bounded number of connections serves any number of callers.

use plugin_contracts::Database;
use plugin_core::Plugin;
use plugin_database::SqlDatabase;
use serde_json::{Map, Value, json};

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn two_connections_serve_many_callers() {
    let config = json!({"pool_size": 2, "tables": {"calls": {"caller": "integer"}}});
    let running = Rig::new(&[SqlDatabase::DESCRIPTOR])
        .config("database-plugin", config)
        .start()
        .await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..64 {
        let database = running.service::<dyn Database>().unwrap();
        callers.spawn(async move {
            let row: Map<String, Value> =
                serde_json::from_value(json!({"caller": caller})).unwrap();
            database.insert("calls", &row).await.unwrap()
        });
    }
    let mut ids = callers.join_all().await;
    ids.sort_unstable();
    assert!(ids.into_iter().eq(1..=64));
    assert!(running.stop().await.is_clean());
}

#[test]
fn a_pool_without_a_bound_or_without_room_is_no_config() {
    for size in [json!(0), json!(1_000_000), json!("many")] {
        let config = json!({"pool_size": size});
        let rig = Rig::new(&[SqlDatabase::DESCRIPTOR]).config("database-plugin", config);
        let error = rig.configure().unwrap_err().to_string();
        assert!(
            error.contains("database-plugin.config.pool_size"),
            "{error}"
        );
    }
}
