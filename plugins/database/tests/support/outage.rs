//! A server with defaults of its own, and one that goes and comes back.

use std::future::Future;
use std::time::{Duration, Instant};

use plugin_contracts::{DataQuery, DataSave, Database};
use plugin_core::event::{BreakerState, DeadLetterQuery};
use plugin_core::lifecycle::{Health, PluginStatus, Running};
use plugin_core::prelude::*;
use serde_json::{Value, json};

use crate::journey::{row, start};
use crate::server::Server;

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

fn note(text: &str) -> DataSave {
    DataSave {
        table: "notes".to_owned(),
        data: row(json!({ "text": text })),
    }
}

async fn save(running: &Running, text: &str) -> Result<()> {
    let outcomes = running.publisher().publish_and_wait(note(text)).await;
    outcomes.expect("it is accepted").remove(0).result
}

async fn count(running: &Running) -> Value {
    let database = running.service::<dyn Database>().expect("it is provided");
    let rows = database.query("SELECT COUNT(*) AS n FROM notes", &[]).await;
    rows.expect("the server is there")[0]["n"].clone()
}

async fn health(running: &Running, wanted: impl Fn(&Health) -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        let health = running.status().plugins.remove(0).health;
        if wanted(&health) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < PATIENCE, "still {health:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Then an event waits, however long the server is away.
async fn breaker_opens(running: &Running) {
    let begun = Instant::now();
    let is_open = |status: &PluginStatus| {
        let mut breakers = status.breakers.iter();
        breakers.any(|breaker| breaker.state == BreakerState::Open)
    };
    while !is_open(&running.status().plugins[0]) {
        assert!(begun.elapsed() < PATIENCE, "no breaker opens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it ends")
}

fn unavailable(why: &'static str) -> impl Fn(&Health) -> bool {
    move |health| matches!(health, Health::Unavailable(said) if said.contains(why))
}

/// A server without a strict mode, and a database in a charset that lacks most texts.
#[tokio::test(flavor = "multi_thread")]
async fn report_b12_the_session_sets_what_the_server_leaves_open() {
    let server = Server::start().await;
    server.admin("SET GLOBAL sql_mode = ''; ALTER DATABASE shop CHARACTER SET latin1");
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let config = server.config(json!({
        "max_value_bytes": 100_000_000, "tables": {"notes": {"text": "text", "cents": "integer"}},
    }));
    let running = start(&config, directory.path()).await.expect("it starts");
    let database = running.service::<dyn Database>().expect("it is provided");
    let create = "CREATE TABLE people (name VARCHAR(9) NOT NULL)";
    database.execute(create, &[]).await.expect("it is made");
    let insert = "INSERT INTO people (name) VALUES (?)";
    database
        .execute(insert, &[json!("王小明 😀")])
        .await
        .expect("it holds every text");
    let rows = database.query("SELECT name FROM people", &[]).await;
    assert_eq!(
        rows.expect("it is there"),
        [row(json!({"name": "王小明 😀"}))]
    );
    let cut = database.execute(insert, &[json!("0123456789")]).await;
    assert!(
        cut.expect_err("it is too long")
            .to_string()
            .contains("too long")
    );

    save(&running, &"x".repeat(70_000)).await.expect("it fits");
    let rows = database
        .query("SELECT LENGTH(text) AS n FROM notes", &[])
        .await;
    assert_eq!(rows.expect("it is there"), [row(json!({"n": 70_000}))]);
    let much = note(&"x".repeat(17_000_000));
    let outcomes = running.publisher().publish_and_wait(much).await;
    let refused = outcomes.expect("it is accepted").remove(0).result;
    let refused = refused.expect_err("no packet holds it").to_string();
    assert!(refused.contains("max_allowed_packet"), "{refused}");
    assert_eq!(count(&running).await, json!(1));
    server_queries(&server, &running).await;
    assert!(running.stop().await.is_clean());
}

/// The account may write files and see everything here: the check of the query is the only wall.
async fn server_queries(server: &Server, running: &Running) {
    server.admin("GRANT ALL ON *.* TO 'shop'@'127.0.0.1'");
    let ask = |query: &str| DataQuery {
        query: query.to_owned(),
        params: Vec::new(),
    };
    for query in [
        "SELECT 1e1INTO OUTFILE '/tmp/report_a3'",
        "SELECT text INTO OUTFILE '/tmp/report_a3' FROM notes",
        "SELECT * FROM mysql.user",
        "SELECT SLEEP(1)",
        "SELECT name FROM people",
    ] {
        let outcomes = running.publisher().publish_and_wait(ask(query)).await;
        let result = outcomes.expect("it is accepted").remove(0).result;
        assert!(result.is_err(), "{query}");
    }
    assert!(!std::path::Path::new("/tmp/report_a3").exists());
    let good = "SELECT COUNT(*) AS n, CONCAT(MAX(LENGTH(text)), 'x') AS m FROM notes n \
        WHERE n.text LIKE 'x%' AND n.id IN (SELECT id FROM notes) GROUP BY n.cents ORDER BY n";
    let outcomes = running.publisher().publish_and_wait(ask(good)).await;
    let result = outcomes.expect("it is accepted").remove(0).result;
    assert!(result.is_ok(), "{result:?}");
}

/// No event is lost or saved twice while the server is killed and read-only, and the plugin says
/// why it does not serve.
#[tokio::test(flavor = "multi_thread")]
async fn report_b23_an_outage_passes() {
    let mut server = Server::start().await;
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let config = server.config(json!({
        "connect_timeout": "500ms", "query_timeout": "5s", "tables": {"notes": {"text": "text"}},
    }));
    let running = start(&config, directory.path()).await.expect("it starts");
    save(&running, "before").await.expect("the server is there");

    server.kill();
    let saving = save(&running, "meanwhile");
    let back = async {
        health(&running, unavailable("refused")).await;
        breaker_opens(&running).await;
        server.revive().await;
        health(&running, |health| *health == Health::Healthy).await;
    };
    let (saved, ()) = within(async { tokio::join!(saving, back) }).await;
    saved.expect("it waits for the server");
    assert_eq!(count(&running).await, json!(2));

    server.admin("SET GLOBAL read_only = 1");
    let saving = save(&running, "read-only");
    let back = async {
        health(&running, unavailable("read-only")).await;
        server.admin("SET GLOBAL read_only = 0");
        health(&running, |health| *health == Health::Healthy).await;
    };
    let (saved, ()) = within(async { tokio::join!(saving, back) }).await;
    saved.expect("it waits for the server");
    assert_eq!(count(&running).await, json!(3));
    let letters = running.dead_letters().list(DeadLetterQuery::new()).await;
    assert_eq!(letters.expect("they are in memory").letters, []);
    assert!(running.stop().await.is_clean());
}

/// A server that takes connections and does not answer, and one whose tables another session has
/// locked: either is told while the calls still wait.
#[tokio::test(flavor = "multi_thread")]
async fn report_b23_a_server_that_stands_still_and_one_that_is_locked_are_told_apart() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let config = server.config(json!({"tables": {"notes": {"text": "text"}}}));
    let running = start(&config, directory.path()).await.expect("it starts");
    save(&running, "before").await.expect("the server is there");

    server.signal("-STOP");
    let told = health(&running, unavailable("does not answer")).await;
    assert!(told < Duration::from_secs(3), "{told:?}");
    server.signal("-CONT");
    health(&running, |health| *health == Health::Healthy).await;

    let session = server.session("FLUSH TABLES WITH READ LOCK");
    let saving = save(&running, "locked");
    let back = async {
        let told = health(&running, unavailable("locked by another session")).await;
        assert!(told < Duration::from_secs(4), "{told:?}");
        drop(session);
        health(&running, |health| *health == Health::Healthy).await;
    };
    let (saved, ()) = within(async { tokio::join!(saving, back) }).await;
    saved.expect("it waits for the lock");
    assert_eq!(count(&running).await, json!(2));
    assert!(running.stop().await.is_clean());
}
