//! The plugin on a MariaDB server, through a manager.

#[path = "support/journey.rs"]
mod journey;
#[path = "support/outage.rs"]
mod outage;
#[path = "support/server.rs"]
mod server;

use std::path::Path;

use plugin_contracts::Database;
use plugin_core::ErrorKind;
use plugin_core::lifecycle::Running;
use serde_json::json;

use journey::{journey, row, start, tables};
use server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn rows_travel_through_mariadb() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    journey(
        &server.config(json!({"tables": tables()})),
        directory.path(),
    )
    .await;

    let config = server.config(json!({"query_timeout": "300ms", "max_rows": 1000}));
    let running = start(&config, directory.path()).await.expect("it starts");
    values(&running).await;
    limits(&running).await;
    read_only(&running).await;
    assert!(running.stop().await.is_clean());
    refused(&server, directory.path()).await;
}

/// Types of columns that the plugin does not make itself.
async fn values(running: &Running) {
    let database = running.service::<dyn Database>().expect("it is provided");
    let select = "SELECT SUM(total) AS total, CAST('1.50' AS DECIMAL(9, 2)) AS price, \
        CAST('2023-03-09 01:02:03' AS DATETIME) AS at, CAST('2023-03-09' AS DATE) AS day, \
        CAST(18446744073709551615 AS UNSIGNED) AS large, 1 = 1 AS yes, NULL AS nothing, \
        CAST('x' AS BINARY) AS bytes FROM orders";
    let rows = database
        .query(select, &[])
        .await
        .expect("all have a JSON form");
    let expected = json!({
        "total": 4957, "price": 1.5, "at": "2023-03-09 01:02:03", "day": "2023-03-09",
        "large": u64::MAX, "yes": 1, "nothing": null, "bytes": "eA==",
    });
    assert_eq!(rows, [row(expected)]);
    let time = database
        .query("SELECT CAST('01:02:03' AS TIME) AS t", &[])
        .await;
    assert!(time.expect_err("it has none").to_string().contains("CAST"));
}

async fn limits(running: &Running) {
    let database = running.service::<dyn Database>().expect("it is provided");
    let slow = "SELECT COUNT(*) FROM orders a, orders b, orders c, orders d, orders e";
    let error = database
        .query(slow, &[])
        .await
        .expect_err("it takes too long");
    assert!(error.to_string().contains("query_timeout"), "{error}");
    let error = database
        .query("SELECT a.id FROM orders a, orders b, orders c", &[])
        .await
        .expect_err("these are too many");
    assert!(error.to_string().contains("max_rows"), "{error}");
    for _ in 0..20 {
        database
            .query("SELECT 1", &[])
            .await
            .expect("no connection is lost by that");
    }
}

/// Even a statement that passes the check of its text writes nothing.
async fn read_only(running: &Running) {
    let database = running.service::<dyn Database>().expect("it is provided");
    database
        .execute("CREATE SEQUENCE numbers", &[])
        .await
        .expect("the account may");
    let error = database
        .query("SELECT NEXTVAL(numbers)", &[])
        .await
        .expect_err("it writes");
    assert!(
        error.to_string().to_lowercase().contains("read only"),
        "{error}"
    );
}

/// A wrong password is the operator's, a server that went away is worth a retry.
async fn refused(server: &Server, data_dir: &Path) {
    let wrong = server.config(json!({"password": "another"}));
    let error = start(&wrong, data_dir)
        .await
        .expect_err("the password is wrong");
    assert_eq!(
        error.failures[0].error.kind(),
        ErrorKind::Config,
        "{error:?}"
    );
    let gone =
        json!({"host": "127.0.0.1", "port": 1, "database": "shop", "connect_timeout": "50ms"});
    let error = start(&gone, data_dir).await.expect_err("nobody listens");
    assert!(error.failures[0].error.kind().is_retriable(), "{error:?}");
}
