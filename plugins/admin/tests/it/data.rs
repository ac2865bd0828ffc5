//! Events, dead letters and the audit log.

use plugin_admin::Admin;
use plugin_core::lifecycle::Manager;
use plugin_core::prelude::*;
use plugin_core::{Composition, Plugin};
use serde_json::{Value, json};

use crate::site::Site;

/// A parcel is on its way.
#[event("parcel.sent")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ParcelSent {
    /// Its number.
    number: u32,
    /// What is in it.
    content: String,
}

/// Takes parcels, but for those of number 0.
#[derive(Debug)]
pub(crate) struct Depot;

/// Takes parcels, but for those of number 0.
#[plugin(name = "depot")]
impl Depot {
    #[init]
    fn init() -> Self {
        Self
    }

    #[subscribe]
    async fn take(&self, parcel: &ParcelSent) -> Result<()> {
        match parcel.number {
            0 => Err(Error::external("no number")),
            _ => Ok(()),
        }
    }
}

async fn site() -> Site {
    let dir = tempfile::tempdir().unwrap();
    let plugins = [Admin::DESCRIPTOR, Depot::DESCRIPTOR];
    let configured = Manager::builder(&Composition::assemble(&plugins).unwrap())
        .data_dir(dir.path())
        .configure()
        .unwrap();
    let running = configured.start().await.unwrap();
    Site { dir, running }
}

async fn letters(site: &Site, query: &str) -> Vec<Value> {
    let answer = site.get(&format!("/v1/dead-letters{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["letters"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_event_is_published_and_a_wrong_one_is_refused_with_its_place() {
    let site = site().await;
    let events = site.get("/v1/events").await.body;
    let events = events["events"].as_array().unwrap();
    let parcel = events
        .iter()
        .find(|it| it["topic"] == "parcel.sent")
        .unwrap();
    assert_eq!(
        parcel["handlers"],
        json!([{"plugin": "depot", "handler": "take"}])
    );
    assert_eq!(parcel["schema"]["type"], "object");

    let path = "/v1/events/parcel.sent";
    let good = json!({"number": 1, "content": "tea"});
    assert_eq!(site.post(path, good).await.status, 200);
    let wrong = site
        .post(path, json!({"number": "one", "content": "tea"}))
        .await;
    assert_eq!((wrong.status, &wrong.body["key"]), (422, &json!("number")));
    let unknown = site.post("/v1/events/parcel.send", json!({})).await;
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.body["topics"]
            .as_array()
            .unwrap()
            .contains(&json!("parcel.sent"))
    );
    assert!(letters(&site, "").await.is_empty());
    let queue = site.get("/v1/queue").await;
    assert_eq!(
        queue.body,
        json!({"subscriptions": []}),
        "nothing is durable here"
    );

    let audited = site.audited().await;
    let published = audited
        .iter()
        .filter(|line| line["action"] == "events.publish");
    let outcomes: Vec<_> = published
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["done", "denied"]);
}

/// Publishes parcels without a number, and waits until they are dead letters.
async fn fail(site: &Site, count: usize) {
    for _ in 0..count {
        let wrong = json!({"number": 0, "content": "tea"});
        assert_eq!(site.post("/v1/events/parcel.sent", wrong).await.status, 200);
    }
    while letters(site, "").await.len() < count {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn dead_letters_are_looked_at_replayed_and_dropped_one_by_one_and_together() {
    let site = site().await;
    fail(&site, 5).await;
    let all = letters(&site, "").await;
    assert!(all.iter().all(|letter| letter["data"].is_null()), "{all:?}");
    assert_eq!(
        letters(&site, "?plugin=depot&handler=take&topic=parcel.sent")
            .await
            .len(),
        5
    );
    assert!(letters(&site, "?handler=other").await.is_empty());
    let first = site.get("/v1/dead-letters?limit=2").await.body;
    let next = first["next"].as_str().unwrap();
    assert_eq!(letters(&site, &format!("?cursor={next}")).await, all[2..]);

    let id = all[0]["id"].as_str().unwrap();
    let path = format!("/v1/dead-letters/{id}");
    let one = site.get(&path).await;
    assert_eq!(one.body["data"], json!({"number": 0, "content": "tea"}));
    let replayed = site.post(&format!("{path}/replay"), json!({})).await;
    assert_eq!(replayed.status, 500, "it fails again: {replayed:?}");
    assert_eq!(site.get(&path).await.body["replays"], 1);

    let ids = json!({"ids": [all[1]["id"], "0000000000000000"]});
    let dropped = site.post("/v1/dead-letters/drop", ids).await.body;
    assert_eq!(dropped["done"], json!([all[1]["id"]]));
    assert_eq!(dropped["failed"][0]["id"], "0000000000000000");
    let rest = json!({"filter": {"plugin": "depot"}, "dry_run": true});
    let planned = site.post("/v1/dead-letters/drop", rest).await.body;
    assert_eq!(
        (&planned["matched"], &planned["done"]),
        (&json!(4), &json!([]))
    );
    let replayed = site
        .post("/v1/dead-letters/replay", json!({"filter": {}}))
        .await
        .body;
    assert_eq!(
        replayed["failed"].as_array().unwrap().len(),
        4,
        "{replayed}"
    );
    let dropped = site
        .post("/v1/dead-letters/drop", json!({"filter": {}}))
        .await
        .body;
    assert_eq!(dropped["done"].as_array().unwrap().len(), 4);
    assert!(letters(&site, "").await.is_empty());

    assert_eq!(site.get(&path).await.status, 404);
    for wrong in [
        json!({}),
        json!({"ids": [], "filter": {}}),
        json!({"ids": ["x"]}),
        json!({"filter": [null, null, null]}),
    ] {
        assert_eq!(site.post("/v1/dead-letters/drop", wrong).await.status, 422);
    }
    assert_eq!(site.get("/v1/dead-letters/xyz").await.status, 400);
    for limit in ["-1", "0", "1001"] {
        let answer = site.get(&format!("/v1/dead-letters?limit={limit}")).await;
        assert_eq!(answer.status, 400, "{limit}");
    }
    let audited = site.audited().await;
    let replays = audited
        .iter()
        .filter(|line| line["action"] == "dead_letters.replay");
    assert!(
        replays
            .clone()
            .all(|line| line["user"].as_str().unwrap().starts_with("uid:"))
    );
    assert_eq!(replays.count(), 5);
}

#[tokio::test]
async fn the_audit_log_is_read_in_pages_and_by_what_was_done() {
    let site = Site::new().await;
    for _ in 0..3 {
        site.post("/v1/plugins/leaf/restart", json!({})).await;
    }
    let restarts = "/v1/audit?action=restart&user=uid:&outcome=done&limit=2";
    let mut first = site.get(restarts).await.body;
    // It is written by a thread of its own.
    while first["next"].is_null() {
        tokio::task::yield_now().await;
        first = site.get(restarts).await.body;
    }
    let lines = first["lines"].as_array().unwrap();
    assert!(
        lines.iter().all(|line| line["plugin"] == "leaf"),
        "{lines:?}"
    );
    let next = first["next"].as_str().unwrap();
    let rest = site.get(&format!("{restarts}&before={next}")).await.body;
    assert_eq!(rest["lines"].as_array().unwrap().len(), 1);
    assert_eq!(
        site.get("/v1/audit?outcome=denied").await.body["lines"],
        json!([])
    );
    for wrong in ["?outcome=x", "?before=x", "?limit=many", "?who=x"] {
        assert_eq!(
            site.get(&format!("/v1/audit{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
}
